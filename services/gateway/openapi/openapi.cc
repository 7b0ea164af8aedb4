#include "services/gateway/openapi/openapi.h"

#include <map>
#include <set>

#include "libs/base/strings.h"
#include "services/gateway/openapi/schema.h"
#include "services/gateway/transcode/path_template.h"
#include "services/gateway/transcode/well_known.h"
#include "slipway/api/options.pb.h"

namespace slipway::gateway {
namespace {

namespace bj = boost::json;
namespace pb = google::protobuf;

// "projects" -> "project", "registries" -> "registry".
std::string Singular(const std::string& word) {
  if (word.size() > 3 && word.ends_with("ies")) return word.substr(0, word.size() - 3) + "y";
  return word.size() > 1 && word.back() == 's' ? word.substr(0, word.size() - 1) : word;
}

// A path of OpenAPI with its parameters, each a segment: /v1/projects/{project}/apps/{app}:run.
struct OpenApiPath {
  std::string text;
  std::vector<std::string> parameters;
};

OpenApiPath PathOf(const PathTemplate& path) {
  OpenApiPath result;
  std::string before = "name";
  for (const PathTemplate::Segment& segment : path.segments) {
    if (segment.kind == PathTemplate::Segment::Kind::kLiteral) {
      result.text += "/" + segment.text;
      before = segment.text;
      continue;
    }
    const std::string name = Singular(before);
    result.text += "/{" + name + "}";
    result.parameters.push_back(name);
  }
  if (!path.verb.empty()) result.text += ":" + path.verb;
  return result;
}

bj::object Parameter(std::string name, std::string_view in, bool required, bj::object schema,
                     std::string description) {
  bj::object parameter = {{"name", std::move(name)},
                          {"in", std::string(in)},
                          {"required", required},
                          {"schema", std::move(schema)}};
  if (!description.empty()) parameter["description"] = std::move(description);
  return parameter;
}

// Fields that may stand in the query: scalars, text types and lists of them. Messages are given as
// a.b.
void AddQuery(const pb::Descriptor* type, const std::string& prefix,
              const std::set<std::string>& taken, int depth, SchemaBook& book, bj::array& out) {
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor* field = type->field(i);
    const std::string name = prefix + field->json_name();
    if (taken.count(prefix + field->name()) > 0 || field->is_map()) continue;
    const bool message = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    if (message && !IsTextType(field->message_type())) {
      if (!field->is_repeated() && depth > 0) {
        AddQuery(field->message_type(), name + ".", taken, depth - 1, book, out);
      }
      continue;
    }
    out.push_back(Parameter(name, "query", false, book.OfField(field), CommentOf(field)));
  }
}

bj::object JsonContent(bj::object schema, std::string_view type = "application/json") {
  return {{std::string(type), bj::object{{"schema", std::move(schema)}}}};
}

bj::object ErrorRef() {
  return {{"description", "An error; its status and reason are stable."},
          {"content", JsonContent({{"$ref", "#/components/schemas/Error"}})}};
}

bj::object Responses(const pb::MethodDescriptor* rpc, SchemaBook& book) {
  const bj::object schema = book.RefTo(rpc->output_type());
  bj::object content = JsonContent(schema);
  if (rpc->server_streaming()) {
    content = JsonContent(schema, "application/x-ndjson");
    content["text/event-stream"] = bj::object{{"schema", schema}};
  }
  const std::string text = rpc->server_streaming() ? "One message a line or event." : "Done.";
  return {{"200", bj::object{{"description", text}, {"content", std::move(content)}}},
          {"default", ErrorRef()}};
}

bj::object Operation(const pb::MethodDescriptor* rpc, const HttpBinding& binding,
                     const PathTemplate& path, const OpenApiPath& shown, bool first,
                     SchemaBook& book) {
  bj::array parameters;
  for (const std::string& name : shown.parameters) {
    parameters.push_back(Parameter(name, "path", true, {{"type", "string"}}, ""));
  }
  std::set<std::string> taken;
  for (const PathTemplate::Variable& variable : path.variables) taken.insert(variable.field_path);
  bj::object operation;
  const std::string id = rpc->service()->name() + "_" + rpc->name();
  operation["operationId"] = first ? id : id + "_" + Join(shown.parameters, "_");
  operation["tags"] = bj::array{rpc->service()->name()};
  if (const std::string comment = CommentOf(rpc); !comment.empty()) {
    operation["summary"] = comment.substr(0, comment.find(". ")) +
                           (comment.find(". ") == std::string::npos ? "" : ".");
    operation["description"] = comment;
  }
  if (binding.body.empty()) {
    AddQuery(rpc->input_type(), "", taken, 2, book, parameters);
  } else if (binding.body == "*") {
    operation["requestBody"] = bj::object{{"content", JsonContent(book.RefTo(rpc->input_type()))}};
  } else {
    taken.insert(binding.body);
    AddQuery(rpc->input_type(), "", taken, 2, book, parameters);
    const pb::FieldDescriptor* body = rpc->input_type()->FindFieldByName(binding.body);
    operation["requestBody"] =
        bj::object{{"required", true}, {"content", JsonContent(book.RefTo(body->message_type()))}};
  }
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  operation["responses"] = Responses(rpc, book);
  if (rpc->options().GetExtension(slipway::api::permission).verb() ==
      slipway::api::Permission::PUBLIC) {
    operation["security"] = bj::array{};
  }
  return operation;
}

bj::object ErrorSchema() {
  const bj::object code = {{"type", "integer"}, {"description", "HTTP status."}};
  const bj::object status = {{"type", "string"}, {"description", "Canonical code: NOT_FOUND."}};
  const bj::object message = {{"type", "string"}, {"description", "For people."}};
  const bj::object detail = {{"type", "object"}, {"additionalProperties", true}};
  const bj::object details = {
      {"type", "array"},
      {"description", "google.rpc details: ErrorInfo with a stable reason, BadRequest, RetryInfo."},
      {"items", detail}};
  const bj::object properties = {
      {"code", code}, {"status", status}, {"message", message}, {"details", details}};
  const bj::object error = {{"type", "object"}, {"properties", properties}};
  return {{"type", "object"}, {"properties", bj::object{{"error", error}}}};
}

}  // namespace

std::string OpenApiJson(const Contract& contract, std::string_view version) {
  SchemaBook book;
  bj::object paths;
  bj::array tags;
  for (const pb::ServiceDescriptor* service : contract.services()) {
    bool shown_service = false;
    for (int i = 0; i < service->method_count(); ++i) {
      bool first = true;
      for (const HttpBinding& binding : BindingsOf(service->method(i))) {
        const auto path = PathTemplate::Parse(binding.path);
        if (!path.ok()) continue;  // the transcoder does not start with such a contract
        const OpenApiPath shown = PathOf(*path);
        bj::value& item = paths[shown.text];
        if (!item.is_object()) item = bj::object{};
        item.get_object()[ToLower(binding.method)] =
            Operation(service->method(i), binding, *path, shown, std::exchange(first, false), book);
        shown_service = true;
      }
    }
    if (shown_service) {
      tags.push_back({{"name", service->name()}, {"description", CommentOf(service)}});
    }
  }
  bj::object schemas = book.Take();
  schemas["Error"] = ErrorSchema();
  const bj::object bearer = {{"type", "http"}, {"scheme", "bearer"}};
  const bj::object document = {
      {"openapi", "3.0.3"},
      {"info",
       {{"title", "Slipway"},
        {"version", std::string(version)},
        {"description", "From a change in Git to a running workload."}}},
      {"security", bj::array{bj::object{{"bearer", bj::array{}}}}},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components", bj::object{{"securitySchemes", bj::object{{"bearer", bearer}}},
                                {"schemas", std::move(schemas)}}}};
  return bj::serialize(document);
}

}  // namespace slipway::gateway
