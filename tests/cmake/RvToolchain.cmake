# Language level, warnings and hardening for every target. One probe per flag: a compiler that does
# not know a flag simply goes without it.
include(CheckCCompilerFlag)
include(CheckPIESupported)

option(RV_WERROR "Warnings are errors (our presets set it; distributors need not)" OFF)
option(RV_HARDEN "Hardening flags (off under sanitizers)" ON)
option(RV_FAULTS "Compile the crash-injection points (tests only)" OFF)
option(RV_FUZZ "Build fuzz targets against libFuzzer instead of the replay main" OFF)
set(RV_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(rv_flags INTERFACE)
add_library(rv_warnings INTERFACE)
target_include_directories(rv_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include"
	"${PROJECT_BINARY_DIR}/generated")
target_compile_definitions(rv_flags INTERFACE _GNU_SOURCE)
target_compile_options(rv_flags INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
# Link-time optimisation compiles once more while linking.
target_link_options(rv_flags INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")

function(rv_probe target kind)
	foreach(flag IN LISTS ARGN)
		string(MAKE_C_IDENTIFIER "RV_HAS${flag}" known)
		check_c_compiler_flag("-Werror ${flag}" ${known})
		if(${known})
			target_compile_options(${target} INTERFACE ${flag})
		endif()
	endforeach()
endfunction()

rv_probe(rv_warnings warning -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef
	-Wvla -Walloca -Wcast-qual -Wcast-align=strict -Wpointer-arith -Wwrite-strings
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls -Wformat=2
	-Wformat-signedness -Wimplicit-fallthrough -Wswitch-enum -Wnull-dereference
	-Wdouble-promotion -Wdate-time -Wframe-larger-than=12288 -Wduplicated-cond
	-Wduplicated-branches -Wlogical-op -Wjump-misses-init -Wtrampolines -Wbidi-chars=any
	-Wuse-after-free=3 -Warith-conversion -Wformat-overflow=2 -Wformat-truncation=2 -Wcomma
	-Wassign-enum -Wconditional-uninitialized)
# Statement expressions (RV_TAKE) and zero-length variadics are our dialect. clang minds a designated
# initializer behind a positional one; gcc finds what is really left out.
rv_probe(rv_warnings quiet -Wno-gnu-statement-expression -Wno-gnu-zero-variadic-macro-arguments
	-Wno-gnu-auto-type)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
	rv_probe(rv_warnings quiet -Wno-missing-field-initializers)
endif()
target_compile_options(rv_warnings INTERFACE -Werror=implicit-function-declaration
	-Werror=int-conversion -Werror=incompatible-pointer-types)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
	# -Wpedantic has no switch for statement expressions in gcc; __extension__ would hide more.
	target_compile_options(rv_warnings INTERFACE -Wno-pedantic)
endif()
if(RV_WERROR)
	target_compile_options(rv_warnings INTERFACE -Werror)
endif()

if(RV_HARDEN AND NOT RV_SANITIZE)
	target_compile_options(rv_flags INTERFACE -U_FORTIFY_SOURCE)
	rv_probe(rv_flags harden -fstack-protector-strong -fstack-clash-protection
		-fcf-protection=full -mbranch-protection=standard -fno-strict-overflow
		-fno-delete-null-pointer-checks -fno-common -ftrivial-auto-var-init=zero
		-fzero-call-used-regs=used-gpr)
	target_compile_options(rv_flags INTERFACE
		$<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
	target_link_options(rv_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
		-Wl,--as-needed -Wl,--build-id=sha1)
endif()
if(RV_SANITIZE)
	target_compile_options(rv_flags INTERFACE -fsanitize=${RV_SANITIZE} -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	target_link_options(rv_flags INTERFACE -fsanitize=${RV_SANITIZE})
endif()
if(RV_FUZZ)
	target_compile_options(rv_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
