# What is installed: the program, what it needs at run time, completions and the manual page (which the
# program prints itself), and the Debian package that holds all this (`cpack --config build/release/CPackConfig.cmake`).
include(GNUInstallDirs)

install(TARGETS crosstail RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/web/report.html DESTINATION ${CMAKE_INSTALL_DATADIR}/crosstail)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/crosstail
        OPTIONAL FILES_MATCHING PATTERN "*.toml" PATTERN "crosstail-mini" EXCLUDE)

# The bundled model: its converted file, its card and its licence.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/models DESTINATION ${CMAKE_INSTALL_DATADIR}/crosstail
        OPTIONAL FILES_MATCHING PATTERN "*.ctm" PATTERN "*.md" PATTERN "*.json" PATTERN "LICENSE*")

# crosstail_printed(NAME DIRECTORY ARGUMENTS…): a file that the program prints.
function(crosstail_printed name directory)
  set(file ${CMAKE_BINARY_DIR}/printed/${name})
  get_filename_component(folder ${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${file} COMMAND crosstail ${ARGN} > ${file} DEPENDS crosstail
                     COMMENT "Printing ${name}")
  set_property(GLOBAL APPEND PROPERTY CROSSTAIL_PRINTED ${file})
  install(FILES ${file} DESTINATION ${directory})
endfunction()

crosstail_printed(man/crosstail.1 ${CMAKE_INSTALL_MANDIR}/man1 manual)
crosstail_printed(bash/crosstail ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
crosstail_printed(zsh/_crosstail ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions completion zsh)
crosstail_printed(fish/crosstail.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
get_property(printed GLOBAL PROPERTY CROSSTAIL_PRINTED)
add_custom_target(printed ALL DEPENDS ${printed})

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL Unspecified)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PACKAGE_NAME crosstail)
set(CPACK_PACKAGE_CONTACT "The Crosstail authors <crosstail@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION text)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
include(CPack)
