# Precompiled headers. Parsing gRPC, protobuf and Abseil is half of the time that a file of ours takes to
# compile. Only headers of libraries are in here, so that no change of ours builds it anew; a source still
# includes what it uses (the preset dev builds without them and tells).

set(SLIPWAY_TEST_OPTIONS -O0)

# Those that nearly every file includes, most of them by way of a generated header.
set(SLIPWAY_PCH_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <mutex> <optional> <set>
  <shared_mutex> <sstream> <string> <string_view> <thread> <unordered_map> <variant> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/numbers.h> <absl/strings/str_split.h>
  <absl/time/clock.h> <absl/time/time.h>
  <google/protobuf/duration.pb.h> <google/protobuf/empty.pb.h> <google/protobuf/map.h>
  <google/protobuf/map_entry.h> <google/protobuf/map_field_inl.h> <google/protobuf/struct.pb.h>
  <google/protobuf/timestamp.pb.h> <google/protobuf/util/json_util.h>
  <grpcpp/generic/async_generic_service.h> <grpcpp/grpcpp.h> <grpcpp/impl/codegen/proto_utils.h>
  <grpcpp/support/async_unary_call.h> <grpcpp/support/client_callback.h> <grpcpp/support/server_callback.h>
  <grpcpp/support/sync_stream.h>)

# slipway_precompiled_headers(): the two targets that own them, `product` and `tests`.
function(slipway_precompiled_headers)
  if(NOT SLIPWAY_PCH)
    return()
  endif()
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/gen/precompiled.cc CONTENT "")
  foreach(KIND product tests)
    add_library(slipway_precompiled_${KIND} OBJECT ${CMAKE_BINARY_DIR}/gen/precompiled.cc)
    target_link_libraries(slipway_precompiled_${KIND} PRIVATE gRPC::grpc++ protobuf::libprotobuf
                          slipway_warnings)
    target_precompile_headers(slipway_precompiled_${KIND} PRIVATE ${SLIPWAY_PCH_HEADERS})
  endforeach()
  target_precompile_headers(slipway_precompiled_tests PRIVATE <catch2/catch.hpp>)
  target_compile_options(slipway_precompiled_tests PRIVATE ${SLIPWAY_TEST_OPTIONS})
endfunction()

# slipway_precompiled(TARGET product|tests): lets TARGET use one of them.
function(slipway_precompiled TARGET KIND)
  if(SLIPWAY_PCH)
    target_precompile_headers(${TARGET} REUSE_FROM slipway_precompiled_${KIND})
  endif()
endfunction()

slipway_precompiled_headers()
