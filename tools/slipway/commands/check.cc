#include "tools/slipway/commands/check.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/client/json_text.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

// A server that finds one mistake at a time is asked again without it, this often.
constexpr int kMostRounds = 8;

// Errors of one document, as opposed to those of the connection or the caller.
bool IsAboutDocument(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsAlreadyExists(status) || absl::IsNotFound(status) || absl::IsOutOfRange(status);
}

// "resources[3].workflow.spec.x" is about the fourth.
size_t IndexOf(std::string_view field) {
  constexpr std::string_view kPrefix = "resources[";
  if (!field.starts_with(kPrefix)) return std::string::npos;
  size_t index = 0;
  for (const char c : field.substr(kPrefix.size())) {
    if (c < '0' || c > '9' || index > 10'000) break;
    index = index * 10 + static_cast<size_t>(c - '0');
  }
  return index;
}

class Check {
 public:
  Check(Context& context, Manifest& manifest)
      : context_(context), manifest_(manifest), outcomes_(manifest.items.size()) {}

  absl::StatusOr<std::vector<std::string>> Run() && {
    // Without a document that others may refer to, their mistakes can't be told from its.
    if (manifest_.named) {
      const absl::Status asked = AskServer();
      if (!asked.ok() && manifest_.problems.empty()) return asked;
    }
    SLIPWAY_RETURN_IF_ERROR(manifest_.problems.ToStatus());
    return std::move(outcomes_);
  }

 private:
  absl::Status AskServer() {
    SLIPWAY_RETURN_IF_ERROR(CheckSet());
    for (size_t i = 0; i < manifest_.items.size(); ++i) {
      if (manifest_.items[i].kind->set_member.empty()) SLIPWAY_RETURN_IF_ERROR(CheckOne(i));
    }
    return absl::OkStatus();
  }

  // Definitions are checked together, since one may refer to another that is created before it.
  absl::Status CheckSet() {
    bool found = true;
    for (int round = 0; found && round < kMostRounds; ++round) {
      bj::array resources;
      std::vector<size_t> places;
      for (size_t i = 0; i < manifest_.items.size(); ++i) {
        const ManifestItem& item = manifest_.items[i];
        if (item.kind->set_member.empty()) continue;
        bj::object resource;
        resource[{item.kind->set_member.data(), item.kind->set_member.size()}] = WithoutWrong(item);
        resources.push_back(std::move(resource));
        places.push_back(i);
      }
      if (resources.empty()) return absl::OkStatus();
      const auto answer =
          context_.api.Post(Path("resources", "validate"), {{"resources", std::move(resources)}});
      if (answer.ok()) {
        found = TakeResults(List(*answer, "results"), places);
        continue;
      }
      for (const auto& violation : DetailsOf(answer.status()).field_violations) {
        const size_t index = IndexOf(violation.field);
        if (index >= places.size()) return answer.status();
        Note(manifest_.items[places[index]], violation.field, violation.description);
      }
      found = AddNoted();
      if (!found) return answer.status();
    }
    return absl::OkStatus();
  }

  // True if there is a mistake that was not known.
  bool TakeResults(const bj::array& results, const std::vector<size_t>& places) {
    std::set<size_t> refused;
    for (size_t i = 0; i < places.size() && i < results.size(); ++i) {
      outcomes_[places[i]] = Text(results[i], "outcome");
      if (outcomes_[places[i]] == "REFUSED") refused.insert(i);
    }
    for (const bool of_others : {false, true}) {
      // All of them can't be the others' fault.
      if (of_others && !(noted_.empty() && manifest_.problems.empty())) break;
      for (const size_t i : refused) NoteRefused(results[i], i, places, refused, of_others);
    }
    return AddNoted();
  }

  // That something is not there may be said of what is refused itself: `of_others` chooses these.
  void NoteRefused(const bj::value& result, size_t index, const std::vector<size_t>& places,
                   const std::set<size_t>& refused, bool of_others) {
    const ManifestItem& item = manifest_.items[places[index]];
    for (const bj::value& violation : List(result, "violations")) {
      const std::string description = Text(violation, "description");
      const bool of_other = std::any_of(refused.begin(), refused.end(), [&](size_t other) {
        return other != index && Names(description, manifest_.items[places[other]].name);
      });
      if (of_other == of_others) Note(item, Text(violation, "field"), description);
    }
    if (List(result, "violations").empty() && !of_others) Note(item, "", "is refused");
  }

  static bool Names(std::string_view text, const std::string& resource) {
    const std::string id = resource.substr(resource.rfind('/') + 1);
    return text.find("\"" + id + "\"") != std::string::npos ||
           text.find(resource) != std::string::npos ||
           text.find(ShortName(resource) + " ") != std::string::npos;
  }

  absl::Status CheckOne(size_t index) {
    const ManifestItem& item = manifest_.items[index];
    SLIPWAY_ASSIGN_OR_RETURN(const bj::value current, Current(context_, item));
    outcomes_[index] = current.is_null() ? "CREATED" : "UPDATED";
    if (!item.kind->creates_by_patch) return absl::OkStatus();
    bool found = true;
    for (int round = 0; found && round < kMostRounds; ++round) {
      const auto checked = context_.api.Patch(PatchPath(item, true), WithoutWrong(item));
      if (checked.ok()) {
        found = false;
        if (!current.is_null() && Object(current, "spec") == Object(*checked, "spec"))
          outcomes_[index] = "UNCHANGED";
        continue;
      }
      if (!IsAboutDocument(checked.status())) return checked.status();
      const auto violations = DetailsOf(checked.status()).field_violations;
      for (const auto& violation : violations) Note(item, violation.field, violation.description);
      if (violations.empty()) Note(item, "", MessageOf(checked.status()));
      found = AddNoted();
    }
    return absl::OkStatus();
  }

  bj::object WithoutWrong(const ManifestItem& item) const {
    const std::vector<std::string>& wrong = manifest_.problems.Wrong(item.document);
    return wrong.empty() ? item.resource : item.Without(wrong);
  }

  // Kept until the answer is read: mistakes of one answer do not follow from each other.
  void Note(const ManifestItem& item, const std::string& field, const std::string& description) {
    const std::string path = ManifestItem::OwnPath(field);
    if (!manifest_.problems.Follows(item.document, path))
      noted_.push_back({&item, path, ManifestItem::OwnText(field, description)});
  }

  // True if there is a mistake that was not known.
  bool AddNoted() {
    for (const Noted& one : noted_)
      manifest_.problems.Add(one.item->document, one.path, one.problem);
    return !std::exchange(noted_, {}).empty();
  }

  struct Noted {
    const ManifestItem* item;
    std::string path;
    std::string problem;
  };

  Context& context_;
  Manifest& manifest_;
  std::vector<std::string> outcomes_;
  std::vector<Noted> noted_;
};

}  // namespace

absl::StatusOr<bj::value> Current(Context& context, const ManifestItem& item) {
  absl::StatusOr<bj::value> current = context.api.Get(Path(item.name));
  if (absl::IsNotFound(current.status())) return bj::value(nullptr);
  return current;
}

Path PatchPath(const ManifestItem& item, bool validate_only) {
  Path path(item.name);
  if (item.kind->creates_by_patch)
    path.With("allowMissing", "true").With("validateOnly", validate_only ? "true" : "");
  return path;
}

absl::StatusOr<std::vector<std::string>> CheckManifest(Context& context, Manifest& manifest) {
  return Check(context, manifest).Run();
}

}  // namespace slipway::cli
