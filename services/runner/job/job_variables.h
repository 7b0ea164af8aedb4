#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::runner {

// The parts of projects/P/apps/A/workflows/W/runs/N/jobs/J.
struct JobName {
  std::string project, app, workflow, run, job;
  // "P/A/W#N".
  std::string Run() const { return project + "/" + app + "/" + workflow + "#" + run; }
};
JobName ParseJobName(const std::string& name);

// Name of the job's folder: unique for each holding.
std::string FolderName(const build::v1::LeaseKey& key);
// Name of the job's control group, by the path of its folder: runners of several suites share a
// machine.
std::string CgroupName(const std::string& folder);

// What every step of the job knows: its variables, and on top of them CI and the SLIPWAY_ and GIT_
// names, which a variable of the same name can't replace. Pure.
std::map<std::string, std::string> JobEnvironment(const build::v1::Lease& lease);

// Everything in the lease that must not be shown: masked variables and all credentials. Pure.
std::vector<std::string> JobSecrets(const build::v1::Lease& lease);

// The job's time limit; one hour where the plan has none.
absl::Duration JobTimeout(const plan::v1::Job& job);

}  // namespace slipway::runner
