#include "libs/plan/digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "libs/base/encoding.h"

namespace slipway::plan {

std::string Serialize(const v1::Plan& plan) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    plan.SerializeToCodedStream(&out);
  }
  return bytes;
}

std::string Digest(const v1::Plan& plan) { return Sha256Hex(Serialize(plan)); }

}  // namespace slipway::plan
