#include "services/gateway/transcode/transcoder.h"

#include <algorithm>
#include <set>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/gateway/transcode/field_value.h"
#include "services/gateway/transcode/json_reader.h"
#include "services/gateway/transcode/well_known.h"

namespace slipway::gateway {
namespace {

namespace pb = google::protobuf;
using FieldPath = std::vector<const pb::FieldDescriptor*>;

// Resolves "a.b.c" by JSON or proto names. The parts before the last are single messages.
absl::StatusOr<FieldPath> ResolvePath(const pb::Descriptor* type, std::string_view path) {
  FieldPath result;
  for (const std::string& name : Split(path, '.')) {
    const pb::FieldDescriptor* field = type == nullptr ? nullptr : FindField(type, name);
    if (field == nullptr) {
      return InvalidField(path, type == nullptr ? "unknown field" : UnknownField(type, name));
    }
    result.push_back(field);
    const bool plain = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE &&
                       !field->is_repeated() && !IsTextType(field->message_type());
    type = plain ? field->message_type() : nullptr;
  }
  return result;
}

// The message that holds the last field of `path`.
pb::Message& Owner(pb::Message& message, const FieldPath& path) {
  pb::Message* owner = &message;
  for (size_t i = 0; i + 1 < path.size(); ++i) owner = &PutMessage(*owner, path[i]);
  return *owner;
}

std::string NameOf(const FieldPath& path) {
  std::string name;
  for (const pb::FieldDescriptor* field : path)
    name += (name.empty() ? "" : ".") + field->json_name();
  return name;
}

bool StartsWith(const FieldPath& path, const FieldPath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

absl::Status BindPath(const Route& route, const std::vector<std::string>& segments,
                      pb::Message& request) {
  for (const Route::Capture& capture : route.captures) {
    const size_t end = capture.rest ? segments.size() : capture.first + capture.count;
    const std::string value = Join({segments.begin() + static_cast<long>(capture.first),
                                    segments.begin() + static_cast<long>(end)},
                                   "/");
    pb::Message& owner = Owner(request, capture.field);
    const pb::FieldDescriptor* field = capture.field.back();
    if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
      const std::string given = owner.GetReflection()->GetString(owner, field);
      if (!given.empty() && given != value) {
        return InvalidField(
            NameOf(capture.field),
            "\"" + Truncate(given, 200) + "\" in the body is not \"" + value + "\" in the path");
      }
    }
    SLIPWAY_RETURN_IF_ERROR(SetFromText(owner, field, value, NameOf(capture.field)));
  }
  return absl::OkStatus();
}

// One parameter of a query. `seen` holds the single fields that have a value already.
absl::Status BindParameter(const Route& route, const std::string& key, const std::string& value,
                           std::set<FieldPath>& seen, pb::Message& request) {
  auto path = ResolvePath(request.GetDescriptor(), key);
  if (!path.ok()) {
    return InvalidField(key, "unknown query parameter" +
                                 DetailsOf(path.status())
                                     .field_violations[0]
                                     .description.substr(std::string_view("unknown field").size()));
  }
  if (route.whole_body) return InvalidField(key, "belongs into the body, not into the query");
  if (route.body != nullptr && path->front() == route.body) {
    return InvalidField(key, "belongs into the body, not into the query");
  }
  for (const Route::Capture& capture : route.captures) {
    if (StartsWith(*path, capture.field)) return InvalidField(key, "is given by the path already");
  }
  if (!path->back()->is_repeated() && !seen.insert(*path).second) {
    return InvalidField(key, "given twice");
  }
  return SetFromText(Owner(request, *path), path->back(), value, key);
}

absl::Status BindQuery(const Route& route, std::string_view query, pb::Message& request,
                       std::set<FieldPath>& seen) {
  if (query.empty()) return absl::OkStatus();
  for (const std::string& pair : Split(query, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const auto key = PercentDecode(std::string_view(pair).substr(0, equals), false, true);
    const auto value = PercentDecode(
        equals == std::string::npos ? "" : std::string_view(pair).substr(equals + 1), false, true);
    if (!key.ok() || !value.ok()) return InvalidField("query", "a % escape is broken");
    SLIPWAY_RETURN_IF_ERROR(
        BindParameter(route, ToValidUtf8(Truncate(*key, 200)), *value, seen, request));
  }
  return absl::OkStatus();
}

absl::Status BindBody(const Route& route, std::string_view body, pb::Message& request) {
  if (route.whole_body) return ReadJson(body, request);
  if (route.body != nullptr) return ReadJson(body, PutMessage(request, route.body));
  const std::string_view text = Trim(body);
  if (!text.empty() && text != "{}") return InvalidField("body", "this call takes none");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transcoder>> Transcoder::Create(const Contract& contract) {
  std::unique_ptr<Transcoder> transcoder(new Transcoder(contract));
  for (const pb::ServiceDescriptor* service : contract.services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      for (const HttpBinding& binding : BindingsOf(service->method(i))) {
        const absl::Status status = transcoder->AddRoute(service->method(i), binding);
        if (!status.ok()) {
          return absl::Status(status.code(),
                              ToAbsl(service->method(i)->full_name() + ": " + binding.method + " " +
                                     binding.path + ": " + MessageOf(status)));
        }
      }
    }
  }
  return transcoder;
}

absl::Status Transcoder::AddRoute(const pb::MethodDescriptor* rpc, const HttpBinding& binding) {
  Route route;
  route.rpc = rpc;
  route.http_method = binding.method;
  SLIPWAY_ASSIGN_OR_RETURN(route.path, PathTemplate::Parse(binding.path));
  if (rpc->client_streaming())
    return absl::InvalidArgumentError("a stream of requests has no HTTP form");
  for (const PathTemplate::Variable& variable : route.path.variables) {
    SLIPWAY_ASSIGN_OR_RETURN(FieldPath field, ResolvePath(rpc->input_type(), variable.field_path));
    if (field.back()->is_repeated()) return absl::InvalidArgumentError("a path holds no list");
    const auto& last = route.path.segments[variable.first + variable.count - 1];
    route.captures.push_back({std::move(field), variable.first, variable.count,
                              last.kind == PathTemplate::Segment::Kind::kRest});
  }
  route.whole_body = binding.body == "*";
  if (!binding.body.empty() && !route.whole_body) {
    route.body = rpc->input_type()->FindFieldByName(binding.body);
    if (route.body == nullptr || route.body->is_repeated() ||
        route.body->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      return absl::InvalidArgumentError("body: \"" + binding.body + "\" is no message field");
    }
  }
  SLIPWAY_RETURN_IF_ERROR(table_.Add(binding.method, route.path, routes_.size()));
  routes_.push_back(std::move(route));
  return absl::OkStatus();
}

absl::StatusOr<BoundCall> Transcoder::Bind(std::string_view http_method, std::string_view target,
                                           std::string_view body, bool follow) const {
  const size_t mark = target.find('?');
  SLIPWAY_ASSIGN_OR_RETURN(const RouteTable::Match match,
                           table_.Find(http_method, target.substr(0, mark)));
  const Route& route = routes_[match.route];
  BoundCall call{&route, contract_.New(route.rpc->input_type())};
  SLIPWAY_RETURN_IF_ERROR(BindBody(route, body, *call.request));
  std::set<FieldPath> seen;
  SLIPWAY_RETURN_IF_ERROR(BindQuery(
      route, mark == std::string_view::npos ? "" : target.substr(mark + 1), *call.request, seen));
  SLIPWAY_RETURN_IF_ERROR(BindPath(route, match.segments, *call.request));
  if (follow && route.rpc->server_streaming()) {
    const pb::FieldDescriptor* field = route.rpc->input_type()->FindFieldByName("follow");
    if (field != nullptr && field->type() == pb::FieldDescriptor::TYPE_BOOL &&
        seen.count({field}) == 0) {
      PutBool(*call.request, field, true);
    }
  }
  return call;
}

}  // namespace slipway::gateway
