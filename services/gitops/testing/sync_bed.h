#pragma once

#include <string>
#include <vector>

#include "services/gitops/testing/bed.h"
#include "services/gitops/testing/fake_target.h"

namespace slipway::gitops {

// PostgreSQL and a git host around the loops, with a target that only counts: for tests of what is
// committed, looked at and applied when. Not thread-safe.
class SyncBed : public Bed {
 public:
  explicit SyncBed(Syncer::Options options = {});
  ~SyncBed() { process.reset(); }

  // Reads it anew.
  Deployment Now(const Deployment& deployment);
  // Waits until it ended; its state.
  Deployment Ended(const Deployment& deployment);
  // The app's folder on the host.
  FolderState Folder(const AppEnvironment& where);
  FolderState Folder(const AppEnvironment& where, const RepositoryAccess& at);

  FakeTarget target;
};

}  // namespace slipway::gitops
