#include "services/gateway/transcode/test_contract.h"

#include <functional>
#include <set>

#include "google/api/annotations.pb.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/base/check.h"
#include "slipway/api/options.pb.h"

namespace slipway::gateway {
namespace {

namespace pb = google::protobuf;

void AddWithImports(const pb::FileDescriptor* file, std::set<std::string>& done,
                    pb::FileDescriptorSet& set) {
  if (!done.insert(file->name()).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), done, set);
  file->CopyTo(set.add_file());
}

}  // namespace

std::string DescriptorSetOf(std::string_view source) {
  pb::FileDescriptorSet set;
  std::set<std::string> done;
  std::string text = "syntax = \"proto3\"; package slipway.test.v1;\n";
  for (const pb::FileDescriptor* file :
       {google::api::HttpRule::descriptor()->file(), pb::Timestamp::descriptor()->file(),
        pb::Duration::descriptor()->file(), pb::FieldMask::descriptor()->file(),
        slipway::api::Permission::descriptor()->file(),
        pb::DescriptorPool::generated_pool()->FindFileByName("google/api/annotations.proto")}) {
    AddWithImports(file, done, set);
    text += "import \"" + file->name() + "\";\n";
  }
  text += source;
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  pb::io::Tokenizer tokenizer(&stream, nullptr);
  pb::compiler::Parser parser;
  pb::FileDescriptorProto* file = set.add_file();
  SLIPWAY_CHECK(parser.Parse(&tokenizer, file));
  file->set_name("test.proto");
  return set.SerializeAsString();
}

std::string_view TestProto() {
  return R"(
// A thing.
message Thing {
  // Colours.
  enum Colour {
    // Not set.
    COLOUR_UNSPECIFIED = 0;
    // Red.
    RED = 1;
    // Dark blue.
    DARK_BLUE = 2;
  }
  // Name.
  string name = 1;
  // Display name.
  string display_name = 2;
  int32 small = 3;
  int64 big = 4;
  uint32 usmall = 5;
  uint64 ubig = 6;
  double real = 7;
  float half = 8;
  bool flag = 9;
  bytes data = 10;
  Colour colour = 11;
  repeated string words = 12;
  repeated Colour colours = 13;
  repeated Thing parts = 14;
  map<string, int32> counts = 15;
  map<string, Thing> by_name = 16;
  google.protobuf.Timestamp when = 17;
  google.protobuf.Duration how_long = 18;
  google.protobuf.FieldMask mask = 19;
  optional int32 maybe = 20;
  oneof choice {
    string left = 21;
    Thing right = 22;
  }
  string secret = 23 [(slipway.api.sensitive) = true];
}
message UpdateThingRequest { Thing thing = 1; google.protobuf.FieldMask update_mask = 2; bool validate_only = 3; }
message ListThingsRequest {
  string parent = 1; int32 page_size = 2; string page_token = 3; repeated string words = 4;
  Thing like = 5; map<string, string> labels = 6; Thing.Colour colour = 7; repeated Thing.Colour colours = 8;
}
message WatchRequest { string name = 1; bool follow = 2; }
// Things.
service ThingService {
  // Gives a thing.
  rpc Get(Thing) returns (Thing) {
    option (google.api.http) = {get: "/v1/{name=projects/*/things/*}" additional_bindings {get: "/v1/{name=things/*}"}};
  }
  rpc List(ListThingsRequest) returns (Thing) { option (google.api.http) = {get: "/v1/{parent=projects/*}/things"}; }
  rpc Create(Thing) returns (Thing) { option (google.api.http) = {post: "/v1/things" body: "*"}; }
  rpc Update(UpdateThingRequest) returns (Thing) {
    option (google.api.http) = {patch: "/v1/{thing.name=things/*}" body: "thing"};
  }
  rpc Run(Thing) returns (Thing) { option (google.api.http) = {post: "/v1/{name=things/*}:run" body: "*"}; }
  rpc File(Thing) returns (Thing) { option (google.api.http) = {get: "/v1/files/{name=**}"}; }
  rpc Watch(WatchRequest) returns (stream Thing) { option (google.api.http) = {get: "/v1/{name=things/*}:watch"}; }
  rpc Internal(Thing) returns (Thing);
}
)";
}

}  // namespace slipway::gateway
