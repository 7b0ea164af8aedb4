#include "deploy/local/githost/push_payload.h"

#include <algorithm>
#include <boost/json.hpp>
#include <deque>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "deploy/local/githost/git_objects.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

namespace json = boost::json;

constexpr size_t kMaxCommits = 2048;
constexpr size_t kMaxFileBytes = 16 << 20;  // of all file names together
constexpr size_t kMaxMessage = 64 << 10;

// A number that stays the same for a name, positive and exact in JavaScript.
int64_t StableId(std::string_view name) {
  const std::string digest = Sha256(name);
  int64_t id = 0;
  for (size_t i = 0; i < 6; ++i) id = id * 256 + static_cast<unsigned char>(digest[i]);
  return id;
}

std::string TimeText(const git_time& time) {
  const absl::TimeZone zone = absl::FixedTimeZone(time.offset * 60);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", absl::FromUnixSeconds(time.time), zone);
}

json::object Person(const git_signature* who) {
  return {{"name", ToValidUtf8(who->name)}, {"email", ToValidUtf8(who->email)}};
}

json::array ToArray(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

json::object DescribeCommit(git_repository* repository, const git_commit* commit,
                            const std::string& html_url, size_t& file_bytes) {
  const std::string id = IdText(git_commit_id(commit));
  const git_signature* author = git_commit_author(commit);
  json::object described{
      {"id", id},
      {"tree_id", IdText(git_commit_tree_id(commit))},
      {"distinct", true},
      {"message", Truncate(ToValidUtf8(git_commit_message(commit)), kMaxMessage)},
      {"timestamp", TimeText(author->when)},
      {"url", html_url + "/commit/" + id},
      {"author", Person(author)},
      {"committer", Person(git_commit_committer(commit))}};
  auto files = FilesOf(repository, commit);
  if (!files.ok()) files = ChangedFiles{};
  for (const auto* list : {&files->added, &files->removed, &files->modified}) {
    for (const std::string& path : *list) file_bytes += path.size();
  }
  if (file_bytes > kMaxFileBytes) files = ChangedFiles{};
  described["added"] = ToArray(files->added);
  described["removed"] = ToArray(files->removed);
  described["modified"] = ToArray(files->modified);
  return described;
}

std::string DefaultBranch(const std::string& git_dir) {
  constexpr std::string_view kPrefix = "ref: refs/heads/";
  const auto head = ReadFile(git_dir + "/HEAD", 4096);
  if (!head.ok() || !head->starts_with(kPrefix)) return "main";
  return std::string(Trim(std::string_view(*head).substr(kPrefix.size())));
}

// Hides from the walk what the receiver knows: the old commit, or for a new ref what the default
// branch reaches.
absl::Status HideKnown(git_repository* repository, git_revwalk* walk, const RefUpdate& update,
                       const std::string& default_branch) {
  if (update.before != kNoObject) {
    const auto before = CommitBehind(repository, update.before);
    // A forced push may have left the old commit unreachable, and another program may have removed
    // it.
    if (!before.ok()) return absl::OkStatus();
    return GitStatus(git_revwalk_hide(walk, git_commit_id(before->get())), "hide");
  }
  const std::string default_ref = "refs/heads/" + default_branch;
  if (update.ref == default_ref) return absl::OkStatus();
  const int code = git_revwalk_hide_ref(walk, default_ref.c_str());
  return code == GIT_ENOTFOUND ? absl::OkStatus() : GitStatus(code, default_ref);
}

// The ids of the new commits, oldest first.
absl::StatusOr<std::deque<git_oid>> NewCommits(git_repository* repository, const git_commit* head,
                                               const RefUpdate& update,
                                               const std::string& default_branch) {
  git_revwalk* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(GitStatus(git_revwalk_new(&raw, repository), "walk"));
  const GitRevwalk walk(raw);
  git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  SLIPWAY_RETURN_IF_ERROR(GitStatus(git_revwalk_push(walk.get(), git_commit_id(head)), "walk"));
  SLIPWAY_RETURN_IF_ERROR(HideKnown(repository, walk.get(), update, default_branch));
  std::deque<git_oid> ids;
  git_oid id;
  while (ids.size() < kMaxCommits && git_revwalk_next(&id, walk.get()) == 0) ids.push_front(id);
  return ids;
}

bool IsForced(git_repository* repository, const RefUpdate& update, const git_commit* head) {
  if (update.before == kNoObject) return false;
  const auto before = CommitBehind(repository, update.before);
  if (!before.ok()) return true;
  if (git_oid_equal(git_commit_id(before->get()), git_commit_id(head))) return false;
  return git_graph_descendant_of(repository, git_commit_id(head), git_commit_id(before->get())) !=
         1;
}

json::object DescribeUser(const std::string& name, const std::string& base_url) {
  return {{"login", name},
          {"id", StableId("user " + name)},
          {"html_url", base_url + "/" + name},
          {"type", "User"},
          {"site_admin", false}};
}

json::object DescribeRepository(const PushToDescribe& push, const std::string& full_name,
                                const std::string& default_branch) {
  const size_t slash = full_name.find('/');
  const std::string group = full_name.substr(0, slash);
  const std::string html_url = push.base_url + "/" + full_name;
  json::object owner = DescribeUser(group, push.base_url);
  owner["name"] = group;
  owner["type"] = "Organization";
  const std::string host = push.base_url.substr(push.base_url.find("//") + 2);
  return {{"id", StableId(full_name)},
          {"name", full_name.substr(slash + 1)},
          {"full_name", full_name},
          {"private", true},
          {"owner", std::move(owner)},
          {"html_url", html_url},
          {"description", nullptr},
          {"fork", false},
          {"url", html_url},
          {"git_url", "git://" + host + "/" + full_name + ".git"},
          {"ssh_url", "git@" + host + ":" + full_name + ".git"},
          {"clone_url", html_url + ".git"},
          {"pushed_at", push.pushed_at_us / 1'000'000},
          {"default_branch", default_branch},
          {"master_branch", default_branch},
          {"visibility", "private"}};
}

}  // namespace

absl::StatusOr<std::string> BuildPushPayload(const PushToDescribe& push) {
  SLIPWAY_ASSIGN_OR_RETURN(const GitRepository repository, OpenRepository(push.git_dir));
  const RefUpdate& update = push.update;
  const std::string full_name = push.repository.substr(0, push.repository.size() - 4);
  const std::string html_url = push.base_url + "/" + full_name;
  const std::string default_branch = DefaultBranch(push.git_dir);
  const std::string pusher = push.pusher.empty() ? "slipway" : push.pusher;
  const bool created = update.before == kNoObject;
  const bool deleted = update.after == kNoObject;

  bool forced = false;
  json::array commits;
  json::value head_commit = nullptr;
  if (!deleted) {
    SLIPWAY_ASSIGN_OR_RETURN(const GitCommit head, CommitBehind(repository.get(), update.after));
    forced = IsForced(repository.get(), update, head.get());
    SLIPWAY_ASSIGN_OR_RETURN(const auto ids,
                             NewCommits(repository.get(), head.get(), update, default_branch));
    size_t file_bytes = 0;
    for (const git_oid& id : ids) {
      SLIPWAY_ASSIGN_OR_RETURN(const GitCommit commit, CommitBehind(repository.get(), IdText(&id)));
      commits.push_back(DescribeCommit(repository.get(), commit.get(), html_url, file_bytes));
    }
    head_commit = DescribeCommit(repository.get(), head.get(), html_url, file_bytes);
  }
  const std::string compare =
      created || deleted ? html_url + "/compare/" + update.ref.substr(update.ref.find('/', 5) + 1)
                         : html_url + "/compare/" + update.before.substr(0, 12) + "..." +
                               update.after.substr(0, 12);
  json::object payload{{"ref", update.ref},
                       {"before", update.before},
                       {"after", update.after},
                       {"repository", DescribeRepository(push, full_name, default_branch)},
                       {"pusher", {{"name", pusher}, {"email", pusher + "@localhost"}}},
                       {"sender", DescribeUser(pusher, push.base_url)},
                       {"created", created},
                       {"deleted", deleted},
                       {"forced", forced},
                       {"base_ref", nullptr},
                       {"compare", compare},
                       {"commits", std::move(commits)},
                       {"head_commit", std::move(head_commit)}};
  return json::serialize(payload);
}

absl::StatusOr<RefMap> ReadRefs(const std::string& git_dir) {
  SLIPWAY_ASSIGN_OR_RETURN(const GitRepository repository, OpenRepository(git_dir));
  git_reference_iterator* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(GitStatus(git_reference_iterator_new(&raw, repository.get()), "refs"));
  const GitRefIterator iterator(raw);
  RefMap refs;
  git_reference* next = nullptr;
  int code;
  while ((code = git_reference_next(&next, iterator.get())) == 0) {
    const GitReference ref(next);
    const std::string_view name = git_reference_name(ref.get());
    if (git_reference_type(ref.get()) != GIT_REFERENCE_DIRECT) continue;
    if (!name.starts_with("refs/heads/") && !name.starts_with("refs/tags/")) continue;
    refs[std::string(name)] = IdText(git_reference_target(ref.get()));
  }
  if (code != GIT_ITEROVER) SLIPWAY_RETURN_IF_ERROR(GitStatus(code, "refs"));
  return refs;
}

}  // namespace slipway::githost
