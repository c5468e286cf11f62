# RV_STATIC_LIBS (preset `pack`): the libraries that the scanner needs are linked from their .a files,
# so that `reeve` runs where none of them is installed. glibc stays shared: it loads parts of itself
# while running (names, character sets), and a fixed copy would miss the host's security updates.
# docs/packages.md tells what comes of it.
option(RV_STATIC_LIBS "Link third-party libraries from their .a files (glibc stays shared)" OFF)

# The .a of one library, or a clear stop.
function(rv_find_archive name out)
	if(name STREQUAL "stdc++")
		# gcc's own, in a folder that only gcc knows.
		execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-file-name=libstdc++.a
			OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
	else()
		find_library(RV_ARCHIVE_${name} NAMES "lib${name}.a")
		set(path "${RV_ARCHIVE_${name}}")
	endif()
	if(NOT EXISTS "${path}")
		message(FATAL_ERROR "RV_STATIC_LIBS: there is no lib${name}.a; install the package that "
			"has it (docs/packages.md), or build without RV_STATIC_LIBS")
	endif()
	get_filename_component(path "${path}" REALPATH)
	set(${out} "${path}" PARENT_SCOPE)
endfunction()

# rv_static_libs(PREFIX LIB..): PkgConfig::PREFIX means these archives from now on, users first. Does
# nothing without RV_STATIC_LIBS. The list of what was linked goes to static-libs.txt, for notices.
function(rv_static_libs prefix)
	if(NOT RV_STATIC_LIBS)
		return()
	endif()
	set(paths)
	foreach(name IN LISTS ARGN)
		rv_find_archive(${name} path)
		list(APPEND paths "${path}")
	endforeach()
	string(REPLACE ";" "\n" lines "${paths}")
	file(APPEND "${PROJECT_BINARY_DIR}/static-libs.txt" "${lines}\n")
	if("stdc++" IN_LIST ARGN)
		list(APPEND paths m -static-libgcc)
	endif()
	set_target_properties(PkgConfig::${prefix} PROPERTIES INTERFACE_LINK_LIBRARIES "${paths}")
endfunction()

file(REMOVE "${PROJECT_BINARY_DIR}/static-libs.txt")
