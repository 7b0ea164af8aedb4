#include "tools/slipway/testing/fake_gateway.h"

#include "libs/base/check.h"

namespace slipway::cli {

namespace bj = boost::json;

const std::string FakeGateway::kEnd = "event: end\ndata: {}\n\n";

FakeGateway::FakeGateway() {
  http::Server::Options options;
  options.listen = "127.0.0.1:0";
  auto server = http::Server::Start(
      options, [this](const http::ServerRequest& request,
                      std::shared_ptr<http::Responder> responder) { Handle(request, responder); });
  SLIPWAY_CHECK(server.ok());
  server_ = *std::move(server);
}

void FakeGateway::On(const std::string& target, bj::value body, int status) {
  const MutexLock lock(mu_);
  answers_[target].push_back({.status = status, .body = bj::serialize(body)});
}

void FakeGateway::Fail(const std::string& target, int status, const std::string& code,
                       const std::string& message,
                       const std::vector<std::pair<std::string, std::string>>& violations) {
  bj::array fields;
  for (const auto& [field, description] : violations)
    fields.push_back({{"field", field}, {"description", description}});
  bj::array details;
  if (!fields.empty())
    details.push_back(
        {{"@type", "type.googleapis.com/google.rpc.BadRequest"}, {"fieldViolations", fields}});
  On(target,
     {{"error", {{"code", status}, {"status", code}, {"message", message}, {"details", details}}}},
     status);
}

void FakeGateway::Stream(const std::string& target, std::vector<std::string> pieces) {
  const MutexLock lock(mu_);
  answers_[target].push_back({.status = 200, .body = {}, .pieces = std::move(pieces)});
}

void FakeGateway::HoldAfterFirst(const std::string& target, std::vector<std::string> pieces) {
  const MutexLock lock(mu_);
  answers_[target].push_back(
      {.status = 200, .body = {}, .pieces = std::move(pieces), .hold = true});
}

void FakeGateway::Release() {
  std::shared_ptr<http::Responder> responder;
  std::vector<std::string> pieces;
  {
    const MutexLock lock(mu_);
    responder = std::exchange(held_, nullptr);
    pieces = std::exchange(held_pieces_, {});
  }
  if (responder == nullptr) return;
  std::string rest;
  for (const std::string& piece : pieces) rest += piece;
  responder->Write(rest, [responder](bool ok) {
    if (ok) responder->End();
  });
}

FakeGateway::Answer FakeGateway::Take(const std::string& target) {
  for (const std::string& key : {target, target.substr(0, target.find('?'))}) {
    const auto found = answers_.find(key);
    if (found == answers_.end()) continue;
    const Answer answer = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return answer;
  }
  return {
      .status = 404,
      .body =
          R"({"error":{"code":404,"status":"NOT_FOUND","message":"nothing there","details":[]}})"};
}

void FakeGateway::Handle(const http::ServerRequest& request,
                         const std::shared_ptr<http::Responder>& responder) {
  const std::string target = request.method + " " + request.target;
  const MutexLock lock(mu_);
  requests_.push_back({target, request.body, std::string(request.Header("authorization"))});
  const Answer answer = Take(target);
  if (answer.pieces.empty()) {
    return responder->Send({.status = answer.status,
                            .headers = {{"Content-Type", "application/json"}},
                            .body = answer.body});
  }
  responder->BeginStream(200, {{"Content-Type", "text/event-stream"}});
  if (answer.hold) {
    held_ = responder;
    held_pieces_.assign(answer.pieces.begin() + 1, answer.pieces.end());
    return responder->Write(answer.pieces.front(), [](bool) {});
  }
  std::string all;
  for (const std::string& piece : answer.pieces) all += piece;
  responder->Write(all, [responder](bool ok) {
    if (ok) responder->End();
  });
}

std::vector<std::string> FakeGateway::asked() const {
  const MutexLock lock(mu_);
  std::vector<std::string> asked;
  for (const Request& request : requests_)
    asked.push_back(request.target + (request.body.empty() ? "" : " " + request.body));
  return asked;
}

bj::value FakeGateway::BodyOf(const std::string& target) const {
  const MutexLock lock(mu_);
  for (auto request = requests_.rbegin(); request != requests_.rend(); ++request) {
    if (request->target.starts_with(target)) return bj::parse(request->body);
  }
  return nullptr;
}

std::string FakeGateway::Event(const bj::value& message) {
  return "data: " + bj::serialize(message) + "\n\n";
}

std::string FakeGateway::ErrorEvent(const std::string& code, const std::string& message) {
  return "event: error\n" +
         Event(
             {{"error",
               {{"code", 503}, {"status", code}, {"message", message}, {"details", bj::array()}}}});
}

}  // namespace slipway::cli
