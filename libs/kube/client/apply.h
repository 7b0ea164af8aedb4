#pragma once

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/client/dispatcher.h"
#include "libs/kube/client/resource.h"

namespace slipway::kube {

// One object as a request names it. A value.
struct Target {
  ResourceInfo resource = {};
  std::string ns = {};  // ignored for cluster-scoped kinds
  std::string name = {};

  ObjectId id() const;
};

// What all requests about objects have in common. A value.
struct CallOptions {
  std::string owner = {};  // whose turn it takes: an app's key
  Impersonation impersonate = {};
  absl::Duration timeout = absl::Seconds(30);  // waiting for its turn included
};

// The verbs on single objects, each with a callback or waiting. Stateless above its Dispatcher,
// which must outlive it. Thread-safe. Callbacks run on the client's loop and must not block; the
// waiting forms must not be called there.
class ObjectApi {
 public:
  explicit ObjectApi(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

  using Done = std::function<void(Answer answer)>;
  using Id = Dispatcher::Id;

  // Server-side apply
  // (https://kubernetes.io/docs/reference/using-api/server-side-apply/): creates the object or
  // makes the fields of `body` ours. The answer's body is the whole live object.
  struct ApplyOptions : CallOptions {
    std::string field_manager = "slipway";
    bool force = true;     // take over fields of other managers
    bool dry_run = false;  // all checks and admission, nothing stored
  };
  Id Apply(const Target& target, std::string body, const ApplyOptions& options, Done done);
  Answer Apply(const Target& target, std::string body, const ApplyOptions& options,
               std::stop_token stop = {});

  // POST, for objects that must be new (hooks). `target.name` is only for messages: the name is in
  // the body, or the server makes one of generateName.
  struct CreateOptions : CallOptions {
    std::string field_manager = "slipway";
    bool dry_run = false;
  };
  Id Create(const Target& target, std::string body, const CreateOptions& options, Done done);
  Answer Create(const Target& target, std::string body, const CreateOptions& options,
                std::stop_token stop = {});

  enum class Propagation { kBackground, kForeground, kOrphan };
  struct DeleteOptions : CallOptions {
    std::string uid = {};               // precondition; kConflict when another object has the name
    std::string resource_version = {};  // precondition; kConflict when it changed
    Propagation propagation = Propagation::kBackground;
    std::optional<int64_t> grace_seconds = {};
    bool dry_run = false;
  };
  // kOk means that the deletion was accepted; finalizers may hold the object for long. kNotFound
  // means that it is gone.
  Id Delete(const Target& target, const DeleteOptions& options, Done done);
  Answer Delete(const Target& target, const DeleteOptions& options, std::stop_token stop = {});

  struct GetOptions : CallOptions {
    bool metadata_only = false;  // PartialObjectMetadata: without spec, data and status
  };
  Id Get(const Target& target, const GetOptions& options, Done done);
  Answer Get(const Target& target, const GetOptions& options, std::stop_token stop = {});

  // One page of the objects of a kind; for what is read once. What is followed needs a Reflector.
  struct ListOptions : CallOptions {
    std::string label_selector = {};
    std::string field_selector = {};
    int limit = 500;
    std::string continue_token = {};
    bool metadata_only = false;
  };
  Id List(const ResourceInfo& resource, std::string_view ns, const ListOptions& options, Done done);
  Answer List(const ResourceInfo& resource, std::string_view ns, const ListOptions& options,
              std::stop_token stop = {});

  void Cancel(Id id) { dispatcher_.Cancel(id); }

 private:
  Id Submit(const CallOptions& options, Request request, std::string what, Done done);
  Answer Wait(const std::function<Id(Done)>& begin, const std::stop_token& stop);

  Dispatcher& dispatcher_;
};

// The body of an apply: compact JSON of `object` without what only the server writes (status,
// managedFields, resourceVersion, uid, creationTimestamp, generation, selfLink) and without empty
// annotations and labels, which would cause a write at each apply. Pure.
std::string ApplyBody(const boost::json::object& object);

}  // namespace slipway::kube
