#pragma once

#include <boost/json.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/http/server.h"

namespace slipway::cli {

// A gateway that answers what a test tells it to, and remembers what it was asked. Owned by the
// test; thread-safe.
class FakeGateway {
 public:
  FakeGateway();

  std::string url() const { return "http://" + server_->address(); }

  // Answers `target` ("GET /v1/whoami"; the query may be left out) with JSON. Several for one
  // target are given in order; the last one stays. What has no answer is NOT_FOUND.
  void On(const std::string& target, boost::json::value body, int status = 200);
  // An error as the gateway writes it. Violations are pairs of field and description.
  void Fail(const std::string& target, int status, const std::string& code,
            const std::string& message,
            const std::vector<std::pair<std::string, std::string>>& violations = {});
  // Streams pieces as they are; the connection ends after them.
  void Stream(const std::string& target, std::vector<std::string> pieces);
  // Streams the first piece, and the others when Release is called.
  void HoldAfterFirst(const std::string& target, std::vector<std::string> pieces);
  void Release();

  // "POST /v1/x {body}" of each request so far, in order.
  std::vector<std::string> asked() const;
  // The body of the newest request to `target`.
  boost::json::value BodyOf(const std::string& target) const;

  // One message as an event, and the one that ends a stream.
  static std::string Event(const boost::json::value& message);
  static std::string ErrorEvent(const std::string& code, const std::string& message);
  static const std::string kEnd;

 private:
  struct Answer {
    int status = 200;
    std::string body = {};
    std::vector<std::string> pieces = {};  // a stream if there are any
    bool hold = false;
  };
  struct Request {
    std::string target;
    std::string body;
    std::string authorization;
  };

  void Handle(const http::ServerRequest& request,
              const std::shared_ptr<http::Responder>& responder);
  Answer Take(const std::string& target);

  mutable Mutex mu_;
  std::map<std::string, std::deque<Answer>> answers_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<Request> requests_ SLIPWAY_GUARDED_BY(mu_);
  std::shared_ptr<http::Responder> held_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::string> held_pieces_ SLIPWAY_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;  // last: its threads use the others
};

}  // namespace slipway::cli
