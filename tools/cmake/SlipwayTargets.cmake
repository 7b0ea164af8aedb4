# The only functions that a CMakeLists.txt of ours calls.

include(Catch)
include(SlipwayPrecompiled)

# slipway_library(NAME SRCS a.cc ... DEPS slipway::x ... [PRIVATE_DEPS ...])
# A static library slipway_NAME with the alias slipway::NAME. Includes are from the repository root.
function(slipway_library NAME)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(slipway_${NAME} STATIC ${ARG_SRCS})
  add_library(slipway::${NAME} ALIAS slipway_${NAME})
  target_include_directories(slipway_${NAME} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(slipway_${NAME} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} slipway_warnings)
  slipway_precompiled(slipway_${NAME} product)
endfunction()

# slipway_executable(NAME SRCS ... DEPS ...): a program that is called NAME.
function(slipway_executable NAME)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${NAME} ${ARG_SRCS})
  target_include_directories(${NAME} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS} slipway_warnings)
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  slipway_precompiled(${NAME} product)
endfunction()

# slipway_test(NAME SRCS ... DEPS ... LABELS unit|integration|contract|cluster|e2e [TIMEOUT seconds] [RESOURCE lock]
#              [POSTGRES] [CLUSTER])
# A Catch2 program; every test case becomes one ctest test. Integration tests get the build folder's
# programs by the environment variable SLIPWAY_BIN_DIR and the source root by SLIPWAY_SOURCE_DIR.
# POSTGRES: the tests need the PostgreSQL cluster that ctest starts once per run; its socket folder is SLIPWAY_TEST_PG.
# CLUSTER: they need the Kubernetes cluster of tests/cluster, started once per run, too; its folder is SLIPWAY_TEST_CLUSTER.
# Such tests have the label cluster. The sources of a test run once and are compiled without optimisation.
function(slipway_test NAME)
  cmake_parse_arguments(ARG "POSTGRES;CLUSTER" "TIMEOUT;RESOURCE" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${NAME} ${ARG_SRCS})
  target_include_directories(${NAME} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS} Catch2::Catch2WithMain slipway_warnings)
  target_compile_options(${NAME} PRIVATE ${SLIPWAY_TEST_OPTIONS})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  slipway_precompiled(${NAME} tests)
  set(PROPS LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  set(ENV "SLIPWAY_BIN_DIR=${CMAKE_BINARY_DIR}/bin;SLIPWAY_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  string(APPEND ENV ";LSAN_OPTIONS=print_suppressions=0:suppressions=${CMAKE_SOURCE_DIR}/tools/cmake/lsan.supp")
  if(ARG_RESOURCE)
    list(APPEND PROPS RESOURCE_LOCK ${ARG_RESOURCE})
  endif()
  set(FIXTURES "")
  if(ARG_POSTGRES)
    slipway_fixture_folder(postgres PG)
    list(APPEND FIXTURES postgres)
    string(APPEND ENV ";SLIPWAY_TEST_PG=${PG}")
  endif()
  if(ARG_CLUSTER)
    slipway_fixture_folder(cluster CLUSTER)
    list(APPEND FIXTURES cluster)
    string(APPEND ENV ";SLIPWAY_TEST_CLUSTER=${CLUSTER}")
  endif()
  catch_discover_tests(${NAME} TEST_PREFIX "${NAME}." EXTRA_ARGS --warn NoTests PROPERTIES ${PROPS})
  # Catch's script flattens lists in PROPERTIES, so lists are set by a file that ctest reads after it.
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_environment.cmake
    "foreach(T IN LISTS ${NAME}_TESTS)\n"
    "  set_tests_properties(\"\${T}\" PROPERTIES ENVIRONMENT \"${ENV}\" FIXTURES_REQUIRED \"${FIXTURES}\")\n"
    "endforeach()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES
    ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_environment.cmake)
endfunction()

# The folder of a server that the tests share: one per build folder, and short, since a socket's path ends at 107 bytes.
function(slipway_fixture_folder NAME OUT)
  string(MD5 KEY ${CMAKE_BINARY_DIR})
  string(SUBSTRING ${KEY} 0 8 KEY)
  set(${OUT} /tmp/slipway-${NAME}-${KEY} PARENT_SCOPE)
endfunction()

# slipway_fixture(NAME SCRIPT LABEL): NAME is postgres or cluster.
# Lets ctest start the server before the first test that needs it, and stop it after the last one.
function(slipway_fixture NAME SCRIPT LABEL)
  slipway_fixture_folder(${NAME} FOLDER)
  get_filename_component(SCRIPT ${SCRIPT} ABSOLUTE)
  add_test(NAME ${NAME}.start COMMAND ${SCRIPT} start ${FOLDER})
  add_test(NAME ${NAME}.stop COMMAND ${SCRIPT} stop ${FOLDER})
  set_tests_properties(${NAME}.start PROPERTIES FIXTURES_SETUP ${NAME} LABELS ${LABEL} TIMEOUT 150)
  set_tests_properties(${NAME}.stop PROPERTIES FIXTURES_CLEANUP ${NAME} LABELS ${LABEL} TIMEOUT 60)
endfunction()

# slipway_embed(NAME NAMESPACE ns FILES a.sql ...)
# A library slipway::NAME with a header gen/<NAME>.h: `inline constexpr EmbeddedFile kFiles[]` in namespace ns,
# each with the file's name (without folder) and its text.
function(slipway_embed NAME)
  cmake_parse_arguments(ARG "" "NAMESPACE" "FILES" ${ARGN})
  set(OUT ${CMAKE_BINARY_DIR}/gen/embed/${NAME}.h)
  set(ABS "")
  foreach(F ${ARG_FILES})
    get_filename_component(A ${F} ABSOLUTE)
    list(APPEND ABS ${A})
  endforeach()
  add_custom_command(OUTPUT ${OUT}
    COMMAND ${CMAKE_COMMAND} -DOUT=${OUT} -DNAMESPACE=${ARG_NAMESPACE} "-DFILES=${ABS}"
            -P ${CMAKE_SOURCE_DIR}/tools/cmake/EmbedFiles.cmake
    DEPENDS ${ABS} ${CMAKE_SOURCE_DIR}/tools/cmake/EmbedFiles.cmake VERBATIM)
  add_custom_target(slipway_${NAME}_header DEPENDS ${OUT})
  add_library(slipway_${NAME} INTERFACE)
  add_dependencies(slipway_${NAME} slipway_${NAME}_header)
  target_include_directories(slipway_${NAME} INTERFACE ${CMAKE_BINARY_DIR}/gen)
  target_link_libraries(slipway_${NAME} INTERFACE slipway::base)
  add_library(slipway::${NAME} ALIAS slipway_${NAME})
endfunction()

# slipway_proto_library(PROTOS a/b.proto ... GOOGLE google/api/http.proto ...)
# The one static library slipway::proto with messages and gRPC stubs, and the descriptor set of all of them
# (with comments) at gen/slipway.protoset. Link it into executables and libraries, never into a shared object.
function(slipway_proto_library)
  cmake_parse_arguments(ARG "" "" "PROTOS;GOOGLE" ${ARGN})
  set(GEN ${CMAKE_BINARY_DIR}/gen)
  set(ROOT ${CMAKE_SOURCE_DIR}/proto)
  get_target_property(PLUGIN gRPC::grpc_cpp_plugin LOCATION)
  set(INCLUDES -I ${ROOT} -I ${SLIPWAY_GOOGLEAPIS_DIR} -I /usr/include)
  set(SRCS "")
  foreach(P ${ARG_GOOGLE})
    string(REPLACE ".proto" "" B ${P})
    add_custom_command(OUTPUT ${GEN}/${B}.pb.cc ${GEN}/${B}.pb.h
      COMMAND protobuf::protoc ${INCLUDES} --cpp_out=${GEN} ${P}
      DEPENDS ${SLIPWAY_GOOGLEAPIS_DIR}/${P} VERBATIM)
    list(APPEND SRCS ${GEN}/${B}.pb.cc)
  endforeach()
  set(ABS "")
  foreach(P ${ARG_PROTOS})
    string(REPLACE ".proto" "" B ${P})
    list(APPEND ABS ${ROOT}/${P})
    file(STRINGS ${ROOT}/${P} HAS_SERVICE REGEX "^service ")
    set(OUTPUTS ${GEN}/${B}.pb.cc ${GEN}/${B}.pb.h)
    set(GRPC_ARGS "")
    if(HAS_SERVICE)
      list(APPEND OUTPUTS ${GEN}/${B}.grpc.pb.cc ${GEN}/${B}.grpc.pb.h)
      set(GRPC_ARGS --grpc_out=${GEN} --plugin=protoc-gen-grpc=${PLUGIN})
      list(APPEND SRCS ${GEN}/${B}.grpc.pb.cc)
    endif()
    # The own protos import each other: a change of any regenerates all, and ccache makes that cheap.
    add_custom_command(OUTPUT ${OUTPUTS}
      COMMAND protobuf::protoc ${INCLUDES} --cpp_out=${GEN} ${GRPC_ARGS} ${P}
      DEPENDS ${ROOT}/${P} VERBATIM)
    list(APPEND SRCS ${GEN}/${B}.pb.cc)
  endforeach()
  add_custom_command(OUTPUT ${GEN}/slipway.protoset
    COMMAND protobuf::protoc ${INCLUDES} --include_imports --include_source_info
            --descriptor_set_out=${GEN}/slipway.protoset ${ARG_PROTOS}
    DEPENDS ${ABS} VERBATIM)
  file(MAKE_DIRECTORY ${GEN})
  add_custom_target(slipway_protoset DEPENDS ${GEN}/slipway.protoset)
  add_library(slipway_proto STATIC ${SRCS})
  add_dependencies(slipway_proto slipway_protoset)
  target_include_directories(slipway_proto SYSTEM PUBLIC ${GEN})
  target_compile_options(slipway_proto PRIVATE -w)
  target_link_libraries(slipway_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)
  add_library(slipway::proto ALIAS slipway_proto)
endfunction()
