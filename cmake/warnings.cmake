# Warnings are errors; sanitizers come from the preset.
add_library(crosstail_flags INTERFACE)
target_compile_options(crosstail_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wsign-conversion -Wno-missing-field-initializers -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 reports these inside its own <string> and <regex> at -O2 (GCC bugs 105329, 105562).
  target_compile_options(crosstail_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
  if(CROSSTAIL_SANITIZE)
    target_compile_options(crosstail_flags INTERFACE -Wno-error)
  endif()
endif()
if(CROSSTAIL_SANITIZE)
  add_compile_options(-fsanitize=${CROSSTAIL_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CROSSTAIL_SANITIZE})
endif()
if(CROSSTAIL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
