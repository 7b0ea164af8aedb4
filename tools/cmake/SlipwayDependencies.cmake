# The packaged libraries, each under one alias. The order of the find_package calls matters:
# gRPC's configuration expects Protobuf and Threads to be known.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(Catch2 2 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)

pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(GIT2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)

# libpqxx 6 has no CMake configuration, and std::optional works only with this definition everywhere.
add_library(slipway_pqxx INTERFACE)
target_link_libraries(slipway_pqxx INTERFACE PkgConfig::PQXX)
target_compile_definitions(slipway_pqxx INTERFACE PQXX_HAVE_OPTIONAL)
add_library(slipway::pqxx ALIAS slipway_pqxx)
add_library(slipway::git2 ALIAS PkgConfig::GIT2)
add_library(slipway::libyaml ALIAS PkgConfig::YAML)
add_library(slipway::sodium ALIAS PkgConfig::SODIUM)
add_library(slipway::re2 ALIAS PkgConfig::RE2)
add_library(slipway::argon2 ALIAS PkgConfig::ARGON2)

# google/api and google/rpc protos come from a pinned registry package; they are not kept in this repository.
set(SLIPWAY_GOOGLEAPIS_VERSION 1.66.0)
set(SLIPWAY_GOOGLEAPIS_DIR ${CMAKE_SOURCE_DIR}/.deps/googleapis-${SLIPWAY_GOOGLEAPIS_VERSION})
if(NOT EXISTS ${SLIPWAY_GOOGLEAPIS_DIR}/google/api/annotations.proto)
  file(MAKE_DIRECTORY ${SLIPWAY_GOOGLEAPIS_DIR}.part)
  execute_process(
    COMMAND python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all:
            --dest ${SLIPWAY_GOOGLEAPIS_DIR}.part googleapis-common-protos==${SLIPWAY_GOOGLEAPIS_VERSION}
    COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB SLIPWAY_WHEEL ${SLIPWAY_GOOGLEAPIS_DIR}.part/*.whl)
  file(ARCHIVE_EXTRACT INPUT ${SLIPWAY_WHEEL} DESTINATION ${SLIPWAY_GOOGLEAPIS_DIR}.part)
  file(REMOVE ${SLIPWAY_WHEEL})
  file(REMOVE_RECURSE ${SLIPWAY_GOOGLEAPIS_DIR})
  file(RENAME ${SLIPWAY_GOOGLEAPIS_DIR}.part ${SLIPWAY_GOOGLEAPIS_DIR})
endif()
