#include "libs/kube/client/apply.h"

#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace slipway::kube {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

constexpr char kMetadataOnly[] =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
constexpr char kMetadataListOnly[] =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

std::string WithQuery(std::string path, const Query& query) {
  if (!query.empty()) path += "?" + EncodeQuery(query);
  return path;
}

void AddDryRun(Query& query, bool dry_run) {
  if (dry_run) query.emplace_back("dryRun", "All");
}

std::string_view PropagationName(ObjectApi::Propagation propagation) {
  switch (propagation) {
    case ObjectApi::Propagation::kBackground:
      return "Background";
    case ObjectApi::Propagation::kForeground:
      return "Foreground";
    case ObjectApi::Propagation::kOrphan:
      return "Orphan";
  }
  return "Background";
}

std::string DeleteBody(const ObjectApi::DeleteOptions& options) {
  boost::json::object body = {{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  body["propagationPolicy"] = JsonView(PropagationName(options.propagation));
  boost::json::object preconditions;
  if (!options.uid.empty()) preconditions["uid"] = options.uid;
  if (!options.resource_version.empty()) {
    preconditions["resourceVersion"] = options.resource_version;
  }
  if (!preconditions.empty()) body["preconditions"] = std::move(preconditions);
  if (options.grace_seconds) body["gracePeriodSeconds"] = *options.grace_seconds;
  if (options.dry_run) body["dryRun"] = boost::json::array{"All"};
  return boost::json::serialize(body);
}

// What would make the path lead elsewhere.
bool IsName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

void DropIfEmpty(boost::json::object& metadata, const char* key) {
  const auto* entry = metadata.find(key);
  if (entry == metadata.end()) return;
  const bool empty = entry->value().is_null() ||
                     (entry->value().is_object() && entry->value().get_object().empty());
  if (empty) metadata.erase(entry);
}

}  // namespace

ObjectId Target::id() const {
  return {.group = resource.gvk.group,
          .kind = resource.gvk.kind,
          .ns = resource.namespaced ? ns : "",
          .name = name};
}

std::string ApplyBody(const boost::json::object& object) {
  boost::json::object body = object;
  body.erase("status");
  if (auto* metadata = body.if_contains("metadata"); metadata && metadata->is_object()) {
    boost::json::object& fields = metadata->get_object();
    for (const char* key : {"managedFields", "resourceVersion", "uid", "creationTimestamp",
                            "generation", "selfLink"}) {
      fields.erase(key);
    }
    DropIfEmpty(fields, "annotations");
    DropIfEmpty(fields, "labels");
  }
  return boost::json::serialize(body);
}

ObjectApi::Id ObjectApi::Submit(const CallOptions& options, Request request, std::string what,
                                Done done) {
  request.timeout = options.timeout;
  request.impersonate = options.impersonate;
  return dispatcher_.Submit(
      options.owner, std::move(request),
      [what = std::move(what), done = std::move(done)](absl::StatusOr<Response> response) {
        done(Judge(std::move(response), what));
      });
}

Answer ObjectApi::Wait(const std::function<Id(Done)>& begin, const std::stop_token& stop) {
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  const Id id = begin([promise](Answer result) { promise->set_value(std::move(result)); });
  const std::stop_callback cancel(stop, [this, id] { Cancel(id); });
  return answer.get();
}

ObjectApi::Id ObjectApi::Apply(const Target& target, std::string body, const ApplyOptions& options,
                               Done done) {
  Query query = {{"fieldManager", options.field_manager},
                 {"force", options.force ? "true" : "false"},
                 {"fieldValidation", "Strict"}};
  AddDryRun(query, options.dry_run);
  Request request;
  request.verb = options.dry_run ? "apply_dry_run" : "apply";
  request.method = "PATCH";
  request.path = WithQuery(target.resource.ObjectPath(target.ns, target.name), query);
  request.content_type = "application/apply-patch+yaml";  // JSON is YAML
  request.body = std::move(body);
  if (!IsName(target.name)) request.path.clear();
  return Submit(options, std::move(request), "apply " + Describe(target.id()), std::move(done));
}

ObjectApi::Id ObjectApi::Create(const Target& target, std::string body,
                                const CreateOptions& options, Done done) {
  Query query = {{"fieldManager", options.field_manager}, {"fieldValidation", "Strict"}};
  AddDryRun(query, options.dry_run);
  Request request;
  request.verb = "create";
  request.method = "POST";
  request.path = WithQuery(target.resource.CollectionPath(target.ns), query);
  request.content_type = "application/json";
  request.body = std::move(body);
  return Submit(options, std::move(request), "create " + Describe(target.id()), std::move(done));
}

ObjectApi::Id ObjectApi::Delete(const Target& target, const DeleteOptions& options, Done done) {
  Request request;
  request.verb = "delete";
  request.method = "DELETE";
  request.path = target.resource.ObjectPath(target.ns, target.name);
  request.content_type = "application/json";
  request.body = DeleteBody(options);
  // Without a name this would be the deletion of a whole collection.
  if (!IsName(target.name)) request.path.clear();
  return Submit(options, std::move(request), "delete " + Describe(target.id()), std::move(done));
}

ObjectApi::Id ObjectApi::Get(const Target& target, const GetOptions& options, Done done) {
  Request request;
  request.verb = "get";
  request.path = target.resource.ObjectPath(target.ns, target.name);
  if (options.metadata_only) request.accept = kMetadataOnly;
  if (!IsName(target.name)) request.path.clear();
  return Submit(options, std::move(request), "get " + Describe(target.id()), std::move(done));
}

ObjectApi::Id ObjectApi::List(const ResourceInfo& resource, std::string_view ns,
                              const ListOptions& options, Done done) {
  Query query;
  if (options.limit > 0) query.emplace_back("limit", std::to_string(options.limit));
  if (!options.continue_token.empty()) query.emplace_back("continue", options.continue_token);
  if (!options.label_selector.empty()) query.emplace_back("labelSelector", options.label_selector);
  if (!options.field_selector.empty()) query.emplace_back("fieldSelector", options.field_selector);
  Request request;
  request.verb = "list";
  request.path = WithQuery(resource.CollectionPath(ns), query);
  if (options.metadata_only) request.accept = kMetadataListOnly;
  return Submit(options, std::move(request), "list " + resource.resource, std::move(done));
}

Answer ObjectApi::Apply(const Target& target, std::string body, const ApplyOptions& options,
                        std::stop_token stop) {
  return Wait([&](Done done) { return Apply(target, std::move(body), options, std::move(done)); },
              stop);
}

Answer ObjectApi::Create(const Target& target, std::string body, const CreateOptions& options,
                         std::stop_token stop) {
  return Wait([&](Done done) { return Create(target, std::move(body), options, std::move(done)); },
              stop);
}

Answer ObjectApi::Delete(const Target& target, const DeleteOptions& options, std::stop_token stop) {
  return Wait([&](Done done) { return Delete(target, options, std::move(done)); }, stop);
}

Answer ObjectApi::Get(const Target& target, const GetOptions& options, std::stop_token stop) {
  return Wait([&](Done done) { return Get(target, options, std::move(done)); }, stop);
}

Answer ObjectApi::List(const ResourceInfo& resource, std::string_view ns,
                       const ListOptions& options, std::stop_token stop) {
  return Wait([&](Done done) { return List(resource, ns, options, std::move(done)); }, stop);
}

}  // namespace slipway::kube
