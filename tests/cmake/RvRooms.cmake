# How a room, a program, a test and a fuzz target are declared. Rooms are static libraries so that
# the link of each program shows what it can reach (tests/lint/walls).

# rv_room(NAME SOURCES.. [USES lib..]): library rv_NAME.
function(rv_room name)
	cmake_parse_arguments(arg "" "" "USES" ${ARGN})
	add_library(rv_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
	target_link_libraries(rv_${name} PUBLIC rv_flags ${arg_USES} PRIVATE rv_warnings)
endfunction()

# rv_program(NAME SOURCES.. USES lib.. [WHERE bin|libexec|sbin]): an installed executable.
function(rv_program name)
	cmake_parse_arguments(arg "" "WHERE" "USES" ${ARGN})
	add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
	target_link_libraries(${name} PRIVATE rv_flags rv_warnings ${arg_USES})
	set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
	if(arg_WHERE STREQUAL "bin")
		install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_BINDIR})
	elseif(arg_WHERE STREQUAL "sbin")
		install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_SBINDIR})
	else()
		install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/reeve)
	endif()
endfunction()

# rv_unit_test(ROOM FILE.c USES lib..): tests/unit/ROOM/FILE.c as the ctest "unit.ROOM.FILE".
function(rv_unit_test room file)
	cmake_parse_arguments(arg "" "" "USES" ${ARGN})
	get_filename_component(base ${file} NAME_WE)
	set(name "unit_${room}_${base}")
	add_executable(${name} ${file} ${arg_UNPARSED_ARGUMENTS})
	target_link_libraries(${name} PRIVATE rv_flags rv_warnings ${arg_USES} PkgConfig::CMOCKA)
	target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
	add_test(NAME "unit.${room}.${base}" COMMAND ${name})
	set_tests_properties("unit.${room}.${base}" PROPERTIES LABELS unit TIMEOUT 120
		SKIP_RETURN_CODE 77)
endfunction()

# rv_fuzz_target(NAME SOURCES.. USES lib.. CORPUS dir): LLVMFuzzerTestOneInput in SOURCES. Under
# RV_FUZZ a libFuzzer binary; always also "fuzz.NAME", which replays every file of the corpus.
function(rv_fuzz_target name)
	cmake_parse_arguments(arg "" "CORPUS" "USES" ${ARGN})
	add_executable(fuzz_${name}_replay ${arg_UNPARSED_ARGUMENTS}
		"${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c")
	target_link_libraries(fuzz_${name}_replay PRIVATE rv_flags rv_warnings ${arg_USES} rv_base)
	target_include_directories(fuzz_${name}_replay PRIVATE "${PROJECT_SOURCE_DIR}/tests")
	add_test(NAME "fuzz.${name}" COMMAND fuzz_${name}_replay "${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}")
	set_tests_properties("fuzz.${name}" PROPERTIES LABELS unit TIMEOUT 120)
	if(RV_FUZZ)
		add_executable(fuzz_${name} ${arg_UNPARSED_ARGUMENTS})
		target_link_libraries(fuzz_${name} PRIVATE rv_flags rv_warnings ${arg_USES})
		target_include_directories(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
		target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
	endif()
endfunction()
