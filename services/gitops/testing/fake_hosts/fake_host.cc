#include "services/gitops/testing/fake_hosts/fake_host.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"

namespace slipway::gitops::fake {
namespace {

std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += HexDecode(text.substr(i + 1, 2)).value_or("?");
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

bool Call::Is(std::string_view wanted_method, std::string_view wanted_path) const {
  if (method != wanted_method) return false;
  std::vector<std::string> wanted;
  for (const std::string& part : Split(wanted_path, '/')) {
    if (!part.empty()) wanted.push_back(part);
  }
  if (wanted.size() != path.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != "*" && wanted[i] != path[i]) return false;
  }
  return true;
}

FakeHost::FakeHost(std::string base_path) : base_path_(std::move(base_path)) {}

FakeHost::~FakeHost() = default;

void FakeHost::Start() {
  http::Server::Options options;
  options.listen = "127.0.0.1:0";
  auto server = http::Server::Start(
      std::move(options),
      [this](http::ServerRequest request, const std::shared_ptr<http::Responder>& responder) {
        Handle(std::move(request), responder);
      });
  SLIPWAY_CHECK(server.ok());
  server_ = *std::move(server);
}

std::string FakeHost::GitUrl() const {
  const std::string url = git_.Url("x");
  return url.substr(0, url.size() - std::string_view("/x.git").size());
}

std::vector<std::string> FakeHost::Pairs() const {
  return {server_->address(), GitUrl().substr(std::string_view("http://").size())};
}

void FakeHost::SetScopes(std::vector<std::string> scopes) {
  const MutexLock lock(mu_);
  scopes_ = std::move(scopes);
}

void FakeHost::AddRepository(const std::string& name, FakeRepository repository) {
  const MutexLock lock(mu_);
  Make(name, std::move(repository));
}

std::vector<std::string> FakeHost::Repositories() const {
  const MutexLock lock(mu_);
  std::vector<std::string> names;
  for (const auto& [name, repository] : repositories_) names.push_back(name);
  return names;
}

FakeRepository FakeHost::Get(const std::string& name) const {
  const MutexLock lock(mu_);
  const auto found = repositories_.find(name);
  return found == repositories_.end() ? FakeRepository() : found->second;
}

void FakeHost::Fail(Fault fault) {
  const MutexLock lock(mu_);
  faults_.push_back(std::move(fault));
}

void FakeHost::OnCall(std::function<void(const std::string& what)> hook) {
  const MutexLock lock(mu_);
  hook_ = std::move(hook);
}

std::vector<std::string> FakeHost::Calls() const {
  const MutexLock lock(mu_);
  return calls_;
}

bool FakeHost::HasScope(const std::string& scope) const {
  return std::find(scopes_.begin(), scopes_.end(), scope) != scopes_.end();
}

FakeRepository* FakeHost::Seen(const std::string& name) {
  const auto found = repositories_.find(name);
  return found == repositories_.end() || found->second.hidden ? nullptr : &found->second;
}

bool FakeHost::Make(const std::string& name, FakeRepository repository) {
  if (repositories_.contains(name)) return false;
  if (repository.id == 0) repository.id = ++last_id_;
  repositories_[name] = std::move(repository);
  git_.CreateRepository(FolderOf(name));
  return true;
}

void FakeHost::Remove(std::string name) {
  repositories_.erase(name);
  SLIPWAY_CHECK(RemoveAll(git_.FolderOf(FolderOf(name))).ok());
}

http::ServerResponse FakeHost::Json(int status, const boost::json::value& body,
                                    http::Headers headers) {
  headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return {.status = status, .headers = std::move(headers), .body = boost::json::serialize(body)};
}

void FakeHost::Handle(http::ServerRequest request,
                      const std::shared_ptr<http::Responder>& responder) {
  const std::string what = request.method + " " + request.target;
  std::function<void(const std::string&)> hook;
  {
    const MutexLock lock(mu_);
    calls_.push_back(what);
    hook = hook_;
  }
  if (hook) hook(what);
  const MutexLock lock(mu_);
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (what.find(fault->what) == std::string::npos) continue;
    responder->Send({.status = fault->status, .headers = fault->headers, .body = fault->body});
    if (--fault->times == 0) faults_.erase(fault);
    return;
  }
  const size_t mark = request.target.find('?');
  Call call{.method = request.method, .headers = request.headers};
  const std::string path = request.target.substr(0, mark);
  if (!path.starts_with(base_path_)) {
    responder->Send({.status = 404, .body = "no such page"});
    return;
  }
  for (const std::string& part : Split(path.substr(base_path_.size()), '/')) {
    if (!part.empty()) call.path.push_back(Decode(part));
  }
  if (mark != std::string::npos) {
    for (const std::string& pair : Split(request.target.substr(mark + 1), '&')) {
      const size_t equals = pair.find('=');
      call.query[Decode(pair.substr(0, equals))] =
          equals == std::string::npos ? "" : Decode(pair.substr(equals + 1));
    }
  }
  if (!request.body.empty()) {
    boost::system::error_code error;
    const boost::json::value body = boost::json::parse(request.body, error);
    if (error || !body.is_object()) {
      responder->Send(Json(400, {{"message", "Problems parsing JSON"}}));
      return;
    }
    call.body = body.as_object();
  }
  responder->Send(Answer(call));
}

}  // namespace slipway::gitops::fake
