# Every dependency is a Debian 12 package (tools/packages.txt) under a permissive licence.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(simdjson REQUIRED)
find_package(CURL REQUIRED)
# oneDNN: products of the trainer, and those that bench/encode holds ours against; only src/nn links it.
# Found by hand, as Debian's dnnl-config.cmake asks for OpenCL's headers, which libdnnl-dev does not bring.
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
if(NOT TARGET DNNL::dnnl)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
                                              INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE})
endif()
if(CROSSTAIL_BENCH)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  set(CROSSTAIL_BENCH_LINK_encode OpenMP::OpenMP_CXX)
endif()
find_package(ICU REQUIRED COMPONENTS uc i18n data)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec)
# CLD2 and libpsl: language identification and the public suffix list.
find_path(CLD2_INCLUDE cld2/public/compact_lang_det.h REQUIRED)
# libcld2_full holds the large tables only; linked before libcld2 they take the place of its small ones.
find_library(CLD2_FULL_TABLES cld2_full REQUIRED)
find_library(CLD2_LIBRARY cld2 REQUIRED)
# Nothing names the tables, so the linker must be told to keep them.
set(CLD2_LIBRARIES "-Wl,--push-state,--no-as-needed,${CLD2_FULL_TABLES},--pop-state" ${CLD2_LIBRARY})
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
# toml++ is used as headers only (src/pipeline/recipe.cpp).
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
