#pragma once

#include <memory>
#include <string>

#include "libs/oci/testing/registry.h"
#include "services/gitops/store/port_store.h"
#include "services/gitops/target/local/local_target.h"
#include "services/gitops/testing/bed.h"
#include "services/gitops/testing/podman_home.h"

namespace slipway::gitops {

// Everything real around gitops: PostgreSQL, a git host, a registry, podman. For integration tests.
class Stage : public Bed {
 public:
  struct Options {
    std::string registry_user = {};
    std::string registry_password = {};
    bool active_provider = true;
    Syncer::Options sync = {};
  };
  explicit Stage(Options options);
  Stage() : Stage(Options{}) {}
  ~Stage();

  static const AppEnvironment kDev;
  static const AppEnvironment kProd;

  // An image of app demo/hello and its event; returns the record.
  slipway::build::v1::ImageCreated MakeImage(const std::string& text, int64_t order,
                                             const std::string& command = "");
  // Replaces the process: as after a kill.
  void Restart(bool start = true);
  void MakePipelines();

  // Body of GET url; empty when it is not answered.
  static std::string Fetch(const std::string& url);

  oci::Registry registry;
  PodmanHome podman;
  std::unique_ptr<PortStore> ports;
  std::unique_ptr<local::LocalTarget> target;

 private:
  Options options_;
};

}  // namespace slipway::gitops
