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

  // A deployment that waits to be committed, with the manifests that its settings render to.
  Deployment Deploy(const AppEnvironment& where);
  // The same, but rendered from a repository.
  Deployment DeployFrom(const AppEnvironment& where, const std::string& url,
                        const std::vector<Manifest>& manifests);
  // Writes what `deployment` shall commit.
  void SetManifests(const Deployment& deployment, const std::vector<Manifest>& manifests);
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
