#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/target/kubernetes/live_object.h"
#include "services/gitops/target/kubernetes/packed_live.h"

namespace slipway::gitops::kubernetes {

// The objects of one cluster that are in the inventory, as they were seen last. Others are not
// kept, so that memory follows what is ours: about 250 bytes for each. Owned by Cluster;
// thread-safe.
class LiveIndex {
 public:
  // From now on the object is kept; whose it is may change.
  void Follow(const kube::ObjectId& id, const AppEnvironment& owner);
  void Forget(const kube::ObjectId& id);
  bool Follows(const kube::ObjectId& id) const;

  // Empty: it was not seen yet.
  std::optional<LiveObject> Find(const kube::ObjectId& id) const;

  // Notes what a watch or an answer showed, unless something newer is known. The owner, if it has
  // reason to look: drift or health may be another one now.
  std::optional<AppEnvironment> Put(const kube::ObjectId& id, LiveObject live);

  // Owners of followed objects of a kind.
  std::vector<AppEnvironment> OwnersOf(std::string_view group, std::string_view kind) const;
  size_t size() const;

 private:
  // Texts that many entries share, each kept once, for as long as the index lives: kinds,
  // namespaces, projects and environments.
  class Texts {
   public:
    uint32_t Number(const std::string& text);
    std::optional<uint32_t> Find(const std::string& text) const;
    const std::string& Text(uint32_t number) const { return *texts_[number]; }

   private:
    std::map<std::string, uint32_t> numbers_;
    std::vector<const std::string*> texts_;
  };
  struct Key {
    uint32_t type = 0;  // number of "KIND.GROUP"
    uint32_t ns = 0;
    std::string name = {};
    auto operator<=>(const Key&) const = default;
  };
  struct Owner {
    uint32_t project = 0;
    uint32_t environment = 0;
    std::string app = {};
  };
  struct Entry {
    Owner owner = {};
    std::optional<PackedLive> live = {};
  };

  // With mu_ held. No key: there is no such entry.
  std::optional<Key> KeyOf(const kube::ObjectId& id) const;
  AppEnvironment OwnerOf(const Entry& entry) const;

  mutable Mutex mu_;
  Texts texts_ SLIPWAY_GUARDED_BY(mu_);
  std::map<Key, Entry> entries_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops::kubernetes
