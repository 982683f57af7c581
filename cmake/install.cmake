# What is installed: the program, what it needs at run time, completions and the manual page (which the
# program prints itself), and the Debian package that holds all this (`cpack --config build/release/CPackConfig.cmake`).
include(GNUInstallDirs)

# Installing and packing build the program and what it prints, and not all the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${CMAKE_BINARY_DIR}\" --target crosstail printed
                              OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)" ALL_COMPONENTS)

install(TARGETS crosstail RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/web/report.html DESTINATION ${CMAKE_INSTALL_DATADIR}/crosstail)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/crosstail
        OPTIONAL FILES_MATCHING PATTERN "*.toml" PATTERN "crosstail-mini" EXCLUDE)

# The bundled model: its converted file, its card and its licence.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/models DESTINATION ${CMAKE_INSTALL_DATADIR}/crosstail
        OPTIONAL FILES_MATCHING PATTERN "*.ctm" PATTERN "*.md" PATTERN "*.json" PATTERN "LICENSE*")

# crosstail_made(NAME DIRECTORY COMMAND…): a file that the program prints, or that is packed from one.
function(crosstail_made name directory)
  set(file ${CMAKE_BINARY_DIR}/printed/${name})
  get_filename_component(folder ${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${file} COMMAND ${ARGN} > ${file} DEPENDS crosstail
                     COMMENT "Printing ${name}")
  set_property(GLOBAL APPEND PROPERTY CROSSTAIL_PRINTED ${file})
  install(FILES ${file} DESTINATION ${directory})
endfunction()

crosstail_made(man/crosstail.1.gz ${CMAKE_INSTALL_MANDIR}/man1 crosstail manual | gzip -9n)
crosstail_made(bash/crosstail ${CMAKE_INSTALL_DATADIR}/bash-completion/completions crosstail completion bash)
crosstail_made(zsh/_crosstail ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions crosstail completion zsh)
crosstail_made(fish/crosstail.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d crosstail completion fish)
configure_file(cmake/changelog.in ${CMAKE_BINARY_DIR}/changelog @ONLY)
crosstail_made(doc/changelog.gz ${CMAKE_INSTALL_DOCDIR} gzip -9nc ${CMAKE_BINARY_DIR}/changelog)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
get_property(printed GLOBAL PROPERTY CROSSTAIL_PRINTED)
add_custom_target(printed ALL DEPENDS ${printed})

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL Unspecified)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PACKAGE_NAME crosstail)
set(CPACK_PACKAGE_CONTACT "The Crosstail authors <crosstail@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION "\
Finds the answer in one language to a question asked in another: web pages
with FAQ mark-up to clean question-answer pairs, pairs to retrievers, passages
to an index that also answers questions in other languages, and runs to
numbers one can trust. Comes with a small model for 42 languages.")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates) # for `crosstail model pull`
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION text)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
include(CPack)
