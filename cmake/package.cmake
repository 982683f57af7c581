# The C++ interface for other programs: find_package(crosstail) and crosstail::crosstail. Public headers
# are the entries below and what they include; all others stay private.
include(CMakePackageConfigHelpers)

set(CROSSTAIL_PUBLIC_HEADERS
  base/pool.h base/result.h data/npy.h index/bm25.h index/exact_search.h index/fusion.h
  index/index_reader.h index/row_source.h model/encoder.h text/language_tag.h text/tokenizer.h)
set(CROSSTAIL_PUBLIC_FOLDERS base text data nn model index)

# The headers in `seen` and everything of ours that they include.
function(crosstail_include_closure out)
  set(open ${ARGN})
  set(seen "")
  while(open)
    list(POP_FRONT open header)
    if(header IN_LIST seen OR NOT EXISTS ${CMAKE_SOURCE_DIR}/src/${header})
      continue()
    endif()
    list(APPEND seen ${header})
    file(STRINGS ${CMAKE_SOURCE_DIR}/src/${header} lines REGEX "^#include \"[a-z]+/")
    foreach(line ${lines})
      string(REGEX REPLACE "^#include \"([^\"]+)\".*" "\\1" included "${line}")
      list(APPEND open ${included})
    endforeach()
  endwhile()
  set(${out} ${seen} PARENT_SCOPE)
endfunction()

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/crosstail)
crosstail_include_closure(headers ${CROSSTAIL_PUBLIC_HEADERS})
foreach(header ${headers})
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES src/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/crosstail/${folder} COMPONENT dev)
endforeach()

foreach(folder ${CROSSTAIL_PUBLIC_FOLDERS})
  if(TARGET crosstail_${folder})
    install(TARGETS crosstail_${folder} EXPORT crosstail ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
            COMPONENT dev)
  endif()
endforeach()
install(EXPORT crosstail NAMESPACE crosstail:: DESTINATION ${package_directory} COMPONENT dev)

file(WRITE ${CMAKE_BINARY_DIR}/crosstail-config.cmake [[
# crosstail::crosstail: text to tokens, models, vectors, search.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/crosstail.cmake)
if(NOT TARGET crosstail::crosstail)
  add_library(crosstail::crosstail INTERFACE IMPORTED)
  set_target_properties(crosstail::crosstail PROPERTIES
    INTERFACE_LINK_LIBRARIES "crosstail::crosstail_index;crosstail::crosstail_model"
    INTERFACE_COMPILE_FEATURES cxx_std_20)
endif()
]])
write_basic_package_version_file(${CMAKE_BINARY_DIR}/crosstail-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/crosstail-config.cmake
              ${CMAKE_BINARY_DIR}/crosstail-config-version.cmake cmake/dependencies.cmake
        DESTINATION ${package_directory} COMPONENT dev)

# The example is built against an installed package, as a user would (not under sanitizers, whose flags
# an outside program does not have).
if(CROSSTAIL_TESTS AND NOT CROSSTAIL_SANITIZE AND NOT CROSSTAIL_FUZZ)
  add_test(NAME package/example
           COMMAND ${CMAKE_SOURCE_DIR}/tests/package/build-example ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}
                   ${CMAKE_CXX_COMPILER} ${CMAKE_SOURCE_DIR}/../shared/fixtures/st-mean-norm)
  set_tests_properties(package/example PROPERTIES TIMEOUT 600)
endif()
