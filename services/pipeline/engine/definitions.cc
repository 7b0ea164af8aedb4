#include "services/pipeline/engine/definitions.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/paging.h"
#include "services/pipeline/domain/references.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/engine/resource_message.h"
#include "services/pipeline/store/deletion_store.h"

namespace slipway::pipeline {
namespace {

using google::protobuf::Message;

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;
constexpr int kMaxSet = 1000;
constexpr char kDryRun[] = "checked only, nothing is kept";

// "hello-x7k2": readable, and free with near certainty; the constraint decides.
std::string MakeId(const Message& resource) {
  constexpr char kAlphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
  std::string base(InfoOf(KindOf(resource)).command);
  if (KindOf(resource) == Kind::kApp) {
    const auto& repositories = static_cast<const v1::App&>(resource).spec().repositories();
    std::string last = repositories.empty() ? "" : Split(repositories[0].url(), '/').back();
    if (last.ends_with(".git")) last.resize(last.size() - 4);
    if (ValidateSlug(last, "").ok() && last.size() <= 50) base = last;
  }
  const std::string random = HexDecode(RandomHex(6)).value_or("");
  std::string id = base + "-";
  for (const char c : random) id += kAlphabet[static_cast<unsigned char>(c) % 32];
  return id;
}

// For what is rolled back.
Caller Unaudited(Caller caller) {
  caller.audit = nullptr;
  return caller;
}

Message* KindMessage(v1::Resource* resource) {
  const auto* oneof = resource->GetDescriptor()->oneof_decl(0);
  const auto* field = resource->GetReflection()->GetOneofFieldDescriptor(*resource, oneof);
  return field == nullptr ? nullptr : resource->GetReflection()->MutableMessage(resource, field);
}

}  // namespace

absl::Status Definitions::Run(const Caller& caller, const char* name, bool dry, Message* resource,
                              const std::function<absl::Status(db::Tx&, Message*)>& body) const {
  std::unique_ptr<Message> result(resource->New());
  const absl::Status status =
      db::RunTx(parts_.pool, name, caller.deadline, [&](db::Tx& tx) -> absl::Status {
        result->CopyFrom(*resource);
        SLIPWAY_RETURN_IF_ERROR(body(tx, result.get()));
        return dry ? absl::CancelledError(kDryRun) : absl::OkStatus();
      });
  const bool rolled_back_as_wanted =
      dry && absl::IsCancelled(status) && MessageOf(status) == kDryRun;
  if (!status.ok() && !rolled_back_as_wanted) return status;
  resource->GetReflection()->Swap(resource, result.get());
  return absl::OkStatus();
}

absl::Status Definitions::Fill(db::Tx& tx, const store::ResourceRow& row, Message* resource) const {
  store::WorkflowFacts facts;
  if (row.kind == Kind::kWorkflow) {
    SLIPWAY_ASSIGN_OR_RETURN(auto by_id, store::FindWorkflowFacts(tx, {row.id}));
    facts = by_id[row.id];
  }
  FillResource(row, facts, resource);
  return absl::OkStatus();
}

Definitions::Mistakes Definitions::CheckUrls(const Message& resource) const {
  Mistakes mistakes;
  if (!parts_.check_url) return mistakes;
  const auto check = [&](const std::string& field, const std::string& url) {
    const absl::Status status = parts_.check_url(url);
    // A name that can't be resolved now may be there when it is needed.
    if (absl::IsInvalidArgument(status)) mistakes.push_back({field, MessageOf(status)});
  };
  if (KindOf(resource) == Kind::kApp) {
    const auto& repositories = static_cast<const v1::App&>(resource).spec().repositories();
    if (!repositories.empty() && !repositories[0].url().empty())
      check("spec.repositories[0].url", repositories[0].url());
  } else if (KindOf(resource) == Kind::kRegistry) {
    const std::string& url = static_cast<const v1::Registry&>(resource).spec().url();
    if (!url.empty())
      check("spec.url", url.find("://") == std::string::npos ? "https://" + url : url);
  }
  return mistakes;
}

absl::Status Definitions::CreateIn(db::Tx& tx, const Caller& caller, std::string_view parent,
                                   std::string_view id, const Mistakes& mistakes,
                                   Message* resource) const {
  const Kind kind = KindOf(*resource);
  SLIPWAY_RETURN_IF_ERROR(CheckParent(kind, parent));
  const std::string new_id = id.empty() ? MakeId(*resource) : std::string(id);
  SLIPWAY_RETURN_IF_ERROR(CheckId(kind, new_id, "metadata.name"));
  Saver::Place place;
  place.name = MakeName(kind, parent, new_id);
  place.parent = std::string(parent);
  if (!NameOf(*resource).empty() && NameOf(*resource) != place.name) {
    return InvalidField("name", "does not fit to parent and id; leave it out");
  }
  if (!parent.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(place.parent_row, store::Find(tx, parent, store::Lock::kShare));
    if (!place.parent_row) return rpc::ResourceNotFound(parent);
    if (place.parent_row->deleting) return BeingDeleted(parent);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto taken, store::Find(tx, place.name, store::Lock::kNone));
  if (taken)
    return taken->deleting ? StillBeingDeleted(kind, place.name) : NameTaken(kind, place.name);
  place.known_mistakes = mistakes;
  SLIPWAY_ASSIGN_OR_RETURN(const Saver::Saved saved, saver_.Save(tx, place, resource));
  if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, place.name));
  return Fill(tx, saved.row, resource);
}

absl::Status Definitions::Create(const Caller& caller, std::string_view parent, std::string_view id,
                                 bool validate_only, Message* resource) const {
  const Mistakes mistakes = CheckUrls(*resource);
  const Caller author = validate_only ? Unaudited(caller) : caller;
  return Run(caller, "definitions.create", validate_only, resource, [&](db::Tx& tx, Message* copy) {
    return CreateIn(tx, author, parent, id, mistakes, copy);
  });
}

absl::Status Definitions::Get(const Caller& caller, std::string_view name,
                              Message* resource) const {
  SLIPWAY_RETURN_IF_ERROR(ParseName(KindOf(*resource), name).status());
  return Run(caller, "definitions.get", false, resource,
             [&](db::Tx& tx, Message* copy) -> absl::Status {
               SLIPWAY_ASSIGN_OR_RETURN(const auto row, store::Find(tx, name, store::Lock::kNone));
               if (!row) return rpc::ResourceNotFound(name);
               return Fill(tx, *row, copy);
             });
}

absl::StatusOr<std::string> Definitions::List(const Caller& caller, Kind kind,
                                              std::string_view parent, int page_size,
                                              std::string_view page_token,
                                              const std::function<Message*()>& add) const {
  SLIPWAY_RETURN_IF_ERROR(CheckParent(kind, parent));
  SLIPWAY_ASSIGN_OR_RETURN(const int limit, rpc::PageSize(page_size, kDefaultPage, kMaxPage));
  const std::string list = std::string(InfoOf(kind).key) + " " + std::string(parent);
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after, rpc::ReadPageToken(list, page_token));
  using Page = std::vector<std::pair<store::ResourceRow, store::WorkflowFacts>>;
  SLIPWAY_ASSIGN_OR_RETURN(
      const Page page,
      db::RunTx(parts_.pool, "definitions.list", caller.deadline,
                [&](db::Tx& tx) -> absl::StatusOr<Page> {
                  if (!parent.empty()) {
                    SLIPWAY_ASSIGN_OR_RETURN(const auto parent_row,
                                             store::Find(tx, parent, store::Lock::kNone));
                    if (!parent_row) return rpc::ResourceNotFound(parent);
                  }
                  Page seen;
                  std::string from = after;
                  // One more than the page, so that a full page knows whether there is another.
                  for (bool more = true; more && static_cast<int>(seen.size()) <= limit;) {
                    SLIPWAY_ASSIGN_OR_RETURN(const auto rows,
                                             store::List(tx, kind, parent, from, limit + 1));
                    more = static_cast<int>(rows.size()) == limit + 1;
                    std::vector<int64_t> workflow_ids;
                    for (const store::ResourceRow& row : rows) {
                      from = row.name;
                      if (caller.may_see && !caller.may_see(row.name)) continue;
                      seen.push_back({row, {}});
                      if (kind == Kind::kWorkflow) workflow_ids.push_back(row.id);
                    }
                    SLIPWAY_ASSIGN_OR_RETURN(const auto facts,
                                             store::FindWorkflowFacts(tx, workflow_ids));
                    for (auto& [row, its] : seen) {
                      if (const auto it = facts.find(row.id); it != facts.end()) its = it->second;
                    }
                  }
                  return seen;
                }));
  const int count = std::min(static_cast<int>(page.size()), limit);
  for (int i = 0; i < count; ++i)
    FillResource(page[static_cast<size_t>(i)].first, page[static_cast<size_t>(i)].second, add());
  if (static_cast<int>(page.size()) <= limit) return std::string();
  return rpc::PageToken(list, page[static_cast<size_t>(limit - 1)].first.name);
}

absl::StatusOr<Definitions::Outcome> Definitions::UpdateIn(db::Tx& tx, const Caller& caller,
                                                           bool allow_missing,
                                                           const Mistakes& mistakes,
                                                           Message* resource) const {
  const Kind kind = KindOf(*resource);
  const std::string name = NameOf(*resource);
  SLIPWAY_ASSIGN_OR_RETURN(const NameParts parts, ParseName(kind, name));
  Saver::Place place;
  place.name = name;
  place.parent = parts.parent;
  // The parent first, as in CreateIn: one order of locks.
  if (!parts.parent.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(place.parent_row, store::Find(tx, parts.parent, store::Lock::kShare));
    if (!place.parent_row) return rpc::ResourceNotFound(parts.parent);
    if (place.parent_row->deleting) return BeingDeleted(parts.parent);
  }
  SLIPWAY_ASSIGN_OR_RETURN(place.old, store::Find(tx, name, store::Lock::kUpdate));
  const std::string etag = EtagOf(*resource);
  if (!place.old) {
    if (!allow_missing) return rpc::ResourceNotFound(name);
    if (!etag.empty()) return EtagMismatch(name);
    SLIPWAY_RETURN_IF_ERROR(CreateIn(tx, caller, parts.parent, parts.id, mistakes, resource));
    return Outcome::kCreated;
  }
  if (place.old->deleting) return BeingDeleted(name);
  if (!etag.empty() && etag != EtagOf(*place.old)) return EtagMismatch(name);
  place.known_mistakes = mistakes;
  SLIPWAY_ASSIGN_OR_RETURN(const Saver::Saved saved, saver_.Save(tx, place, resource));
  if (saved.changed && caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, name));
  SLIPWAY_RETURN_IF_ERROR(Fill(tx, saved.row, resource));
  return saved.changed ? Outcome::kUpdated : Outcome::kUnchanged;
}

absl::Status Definitions::Update(const Caller& caller, bool allow_missing, bool validate_only,
                                 Message* resource) const {
  const Mistakes mistakes = CheckUrls(*resource);
  const Caller author = validate_only ? Unaudited(caller) : caller;
  return Run(caller, "definitions.update", validate_only, resource, [&](db::Tx& tx, Message* copy) {
    return UpdateIn(tx, author, allow_missing, mistakes, copy).status();
  });
}

absl::Status Definitions::CheckNothingHangsOn(db::Tx& tx, const store::ResourceRow& row) const {
  constexpr int kShown = 6;
  struct Children {
    Kind parent;
    Kind child;
    const char* word;
    const char* remedy;
  };
  static constexpr Children kChildren[] = {
      {Kind::kProject, Kind::kApp, "app", "delete that first"},
      {Kind::kApp, Kind::kWorkflow, "workflow", "delete that first"},
  };
  for (const Children& children : kChildren) {
    if (children.parent != row.kind) continue;
    SLIPWAY_ASSIGN_OR_RETURN(const auto names,
                             store::ListChildNames(tx, children.child, row.name, kShown));
    if (!names.empty()) return StillHas(row.kind, row.name, children.word, names, children.remedy);
  }
  if (row.kind == Kind::kWorkflow) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto pipelines, store::ListPipelinesOfWorkflow(tx, row.id));
    std::vector<std::string> names;
    bool all_deleting = true;
    for (const auto& pipeline : pipelines) {
      names.push_back(AppNameOf(row.name) + "/environments/" + pipeline.environment);
      all_deleting = all_deleting && pipeline.deleting;
    }
    if (!names.empty()) {
      return StillHas(
          row.kind, row.name, "deployment pipeline", names,
          all_deleting ? "its workload is still being removed; try again when it is gone"
                       : "delete that first: slipway delete deployment-pipeline APP/ENVIRONMENT");
    }
  }
  SLIPWAY_ASSIGN_OR_RETURN(auto users, store::ListUsers(tx, row.name, kShown));
  if (row.kind == Kind::kRegistry && users.empty() && ReadAs<v1::Registry>(row).spec().default_()) {
    SLIPWAY_ASSIGN_OR_RETURN(users, store::ListUsers(tx, kDefaultRegistryTarget, kShown));
  }
  return users.empty() ? absl::OkStatus() : InUse(row.kind, row.name, users);
}

absl::Status Definitions::DeleteIn(db::Tx& tx, const Caller& caller, std::string_view name,
                                   std::string_view etag, Message* resource) const {
  SLIPWAY_ASSIGN_OR_RETURN(std::optional<store::ResourceRow> row,
                           store::Find(tx, name, store::Lock::kUpdate));
  if (!row) return rpc::ResourceNotFound(name);
  if (row->deleting) return Fill(tx, *row, resource);
  if (!etag.empty() && etag != EtagOf(*row)) return EtagMismatch(name);
  SLIPWAY_RETURN_IF_ERROR(CheckNothingHangsOn(tx, *row));
  if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, row->name));
  const bool has_scope =
      row->kind == Kind::kProject || row->kind == Kind::kApp || row->kind == Kind::kEnvironment;
  if (has_scope) {
    // Grants refer to it by name: they go before the name is free again.
    SLIPWAY_ASSIGN_OR_RETURN(row, store::MarkDeleting(tx, row->id));
    std::vector<std::string> services = {store::kOwnWork};
    if (row->kind == Kind::kApp) {
      services.insert(services.end(), {"build", "gitops"});
      SLIPWAY_RETURN_IF_ERROR(saver_.Emit(tx, "app.deleting", row->name, row->uid));
    }
    SLIPWAY_RETURN_IF_ERROR(store::AddPending(tx, row->name, services));
    if (parts_.wake_deletions) tx.OnCommit(parts_.wake_deletions);
    return Fill(tx, *row, resource);
  }
  SLIPWAY_RETURN_IF_ERROR(Fill(tx, *row, resource));
  if (row->kind == Kind::kWorkflow) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto app, store::Find(tx, row->parent, store::Lock::kNone));
    SLIPWAY_RETURN_IF_ERROR(saver_.Emit(tx, "workflow.deleted", row->name, app ? app->uid : ""));
  }
  // Its credential is not one any more.
  if (row->kind == Kind::kRegistry)
    SLIPWAY_RETURN_IF_ERROR(saver_.Emit(tx, "registry.changed", row->name, row->uid));
  return store::Delete(tx, *row);
}

absl::Status Definitions::Delete(const Caller& caller, std::string_view name, std::string_view etag,
                                 Message* resource) const {
  SLIPWAY_RETURN_IF_ERROR(ParseName(KindOf(*resource), name).status());
  return Run(caller, "definitions.delete", false, resource,
             [&](db::Tx& tx, Message* copy) { return DeleteIn(tx, caller, name, etag, copy); });
}

absl::StatusOr<v1::ValidateResourcesResponse> Definitions::ValidateSet(
    const Caller& caller, const v1::ValidateResourcesRequest& request) const {
  if (request.resources_size() > kMaxSet)
    return InvalidField("resources", "are more than 1000; split them");
  using Result = v1::ValidateResourcesResponse::Result;
  const Caller quiet = Unaudited(caller);
  std::vector<Mistakes> mistakes;
  for (v1::Resource resource : request.resources()) {
    Message* message = KindMessage(&resource);
    mistakes.push_back(message == nullptr ? Mistakes() : CheckUrls(*message));
  }
  const auto check_one = [&](db::Tx& tx, int index, Result* result) -> absl::Status {
    v1::Resource resource = request.resources(index);
    Message* message = KindMessage(&resource);
    if (message == nullptr) return InvalidField("kind", "is missing");
    result->set_name(NameOf(*message));
    SLIPWAY_ASSIGN_OR_RETURN(const NameParts parts,
                             ParseName(KindOf(*message), NameOf(*message), "metadata"));
    SLIPWAY_RETURN_IF_ERROR(CheckId(KindOf(*message), parts.id, "metadata.name"));
    const bool global = InfoOf(KindOf(*message)).parents.empty();
    if (caller.may_edit) SLIPWAY_RETURN_IF_ERROR(caller.may_edit(NameOf(*message), global));
    SLIPWAY_ASSIGN_OR_RETURN(
        const Outcome outcome,
        UpdateIn(tx, quiet, true, mistakes[static_cast<size_t>(index)], message));
    result->set_outcome(outcome == Outcome::kCreated   ? Result::CREATED
                        : outcome == Outcome::kUpdated ? Result::UPDATED
                                                       : Result::UNCHANGED);
    return absl::OkStatus();
  };
  v1::ValidateResourcesResponse response;
  const absl::Status status = db::RunTx(
      parts_.pool, "definitions.validate", caller.deadline, [&](db::Tx& tx) -> absl::Status {
        response.Clear();
        for (int i = 0; i < request.resources_size(); ++i) {
          Result* result = response.add_results();
          const absl::Status one = tx.InSavepoint([&] { return check_one(tx, i, result); });
          if (one.ok()) continue;
          if (absl::IsUnavailable(one) || absl::IsDeadlineExceeded(one) || absl::IsInternal(one))
            return one;
          result->set_outcome(Result::REFUSED);
          ErrorDetails details = DetailsOf(one);
          if (details.field_violations.empty())
            details.field_violations.push_back({"", MessageOf(one)});
          for (const auto& violation : details.field_violations) {
            auto* out = result->add_violations();
            out->set_field(violation.field);
            out->set_description(violation.description);
          }
        }
        return absl::CancelledError(kDryRun);
      });
  if (!absl::IsCancelled(status)) return status;
  return response;
}

}  // namespace slipway::pipeline
