#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/kube/client/client.h"
#include "libs/kube/client/resource.h"
#include "libs/kube/client/watch_event.h"

namespace slipway::kube {

enum class Change { kAdded, kModified, kDeleted };

// What a Reflector tells. Called on the client's loop; must be quick and never block.
class ReflectorHandler {
 public:
  virtual ~ReflectorHandler() = default;

  // The object was seen for the first time, again, or has gone. The views hold during the call.
  // A deletion that was missed and found out by a relist has only uid, ns and name, and comes after
  // an object that has taken the same name meanwhile: compare uids. With a label
  // selector an object that lost the label is told as deleted too: read it before believing that.
  virtual void OnChange(Change change, const ObjectView& object) = 0;
  // All objects have been shown; after the first list and after each relist.
  virtual void OnSynced() = 0;
  // A list or watch failed; it is tried again by itself. For people and for health.
  virtual void OnTrouble(const absl::Status& problem) = 0;
};

// Follows all objects of one kind by list and watch, in one namespace or in all, and goes on after
// whatever happens: a watch that ends is taken up where it stopped; when the server has forgotten
// that place (410), everything is listed again and what vanished in between is told as deleted.
// Keeps no object, only uid and name. Owned by whoever owns the handler; the client must outlive
// it. Thread-safe.
class Reflector {
 public:
  struct Options {
    ResourceInfo resource = {};
    std::string ns = {};  // empty: all
    std::string label_selector = {};
    std::string field_selector = {};
    // PartialObjectMetadata: no spec, data or status crosses the wire.
    bool metadata_only = false;
    int page_size = 500;
    Impersonation impersonate = {};
    absl::Duration min_backoff = absl::Milliseconds(200);
    absl::Duration max_backoff = absl::Seconds(30);
    // A watch is asked to last between once and twice this.
    absl::Duration watch_timeout = absl::Minutes(5);
    // Without a line for this long (bookmarks come every minute) the watch is begun anew.
    absl::Duration idle_limit = absl::Seconds(150);
  };

  Reflector(Client& client, Options options, ReflectorHandler& handler);
  ~Reflector();  // Stop
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void Start();
  // When it returns, the handler is not called any more. Also on the loop's thread, but not inside
  // of a handler's call.
  void Stop();

  // Whether all objects have been shown since the last list began.
  bool synced() const;
  size_t objects() const;
  // Lists so far: 1 in quiet times.
  uint64_t lists() const;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace slipway::kube
