#include "services/gitops/source/testing/repository_bed.h"

#include <cstdio>
#include <cstdlib>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/git/commit_builder.h"
#include "libs/git/mirror_files.h"
#include "libs/process/run.h"

namespace slipway::gitops {
namespace {

[[noreturn]] void Abort(const std::string& what) {
  std::fprintf(stderr, "repository bed: %s\n", what.c_str());
  std::abort();
}

git::Repository Make(const std::string& folder) {
  if (!git::InitBare(folder).ok()) Abort("no repository");
  return *git::Repository::Open(folder);
}

}  // namespace

RepositoryBed::RepositoryBed()
    : dir_(*TempDir::Create("repository-bed-")), repository_(Make(dir_.path() + "/r.git")) {}

std::string RepositoryBed::Commit(const Files& files) {
  git::CommitBuilder builder(repository_, head_);
  for (const auto& [path, content] : files) {
    if (content.empty()) {
      builder.Remove(path);
    } else {
      builder.Put(path, content);
    }
  }
  const auto sha =
      builder.Commit("change", {"Ada", "ada@example.com"}, absl::FromUnixSeconds(clock_ += 60));
  if (!sha.ok()) Abort(MessageOf(sha.status()));
  if (*sha) head_ = **sha;
  return head_;
}

std::string RepositoryBed::CommitLinks(const Files& links) {
  Git({"read-tree", head_});
  for (const auto& [path, target] : links)
    Git({"update-index", "--add", "--cacheinfo", "120000," + Blob(target) + "," + path});
  head_ = Git({"commit-tree", Git({"write-tree"}), "-p", head_, "-m", "links"});
  return head_;
}

std::string RepositoryBed::Tree(const std::vector<RawEntry>& entries) {
  std::string raw;
  for (const RawEntry& entry : entries) {
    raw.append(entry.mode).append(" ").append(entry.name).push_back('\0');
    raw.append(*HexDecode(entry.id));
  }
  return Git({"hash-object", "-t", "tree", "-w", "--literally", "--stdin"}, raw);
}

std::string RepositoryBed::CommitRaw(const std::vector<RawEntry>& entries) {
  head_ = Git({"commit-tree", Tree(entries), "-m", "raw"});
  return head_;
}

std::string RepositoryBed::Blob(const std::string& content) {
  return Git({"hash-object", "-w", "--stdin"}, content);
}

std::string RepositoryBed::Git(const std::vector<std::string>& arguments,
                               const std::string& input) {
  process::ProcessSpec spec;
  spec.argv = {"git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.cwd = folder();
  spec.stdin_data = input;
  const auto result = process::Run(spec);
  if (!result.ok()) Abort(MessageOf(result.status()));
  if (!result->ok()) Abort(result->err);
  return std::string(Trim(result->out));
}

}  // namespace slipway::gitops
