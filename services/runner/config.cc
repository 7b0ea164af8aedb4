#include "services/runner/config.h"

#include "libs/config/config.h"

namespace slipway::runner {

Config ParseConfig(int argc, char** argv) {
  Config config;
  config::ConfigParser parser("runner", "Executes the jobs of a build service in sandboxes.");
  parser.String(&config.build_address,
                {.flag = "build-address",
                 .help = "address of the build service: unix:/path or host:port",
                 .required = true});
  parser.String(&config.auth_address,
                {.flag = "auth-address", .help = "address of the auth service", .required = true});
  parser.String(&config.token_file,
                {.flag = "token-file", .help = "file with this runner's token", .required = true});
  parser.String(
      &config.data_dir,
      {.flag = "data-dir", .help = "folder for mirrors, jobs and image layers", .required = true});
  parser.String(&config.admin_listen,
                {.flag = "admin-listen",
                 .help = "address of /metrics, /healthz, /readyz and /version: unix:/path or "
                         "host:port; empty: none"});
  parser.String(&config.log_level, {.flag = "log-level", .help = "debug, info, warn or error"});
  parser.Int(&config.slots, {.flag = "slots", .help = "jobs at once, 1 to 64"});
  parser.Size(&config.job_memory, {.flag = "job-memory", .help = "memory of one job; 0: no limit"});
  parser.Int(&config.job_pids, {.flag = "job-pids", .help = "processes of one job; 0: no limit"});
  parser.Double(&config.job_cpus,
                {.flag = "job-cpus", .help = "processors of one job, such as 1.5; 0: no limit"});
  parser.Size(&config.max_log,
              {.flag = "max-log", .help = "log of one job; what is more is dropped"});
  parser.Size(&config.image_limit,
              {.flag = "image-limit",
               .help = "disk that images and layers may take between builds; 0: no limit"});
  parser.Int(&config.image_count,
             {.flag = "image-count",
              .help = "images that may stay between builds, with one for each cached instruction; "
                      "0: no limit"});
  parser.Duration(
      &config.image_age,
      {.flag = "image-age", .help = "images not used for so long are removed; 0s: never"});
  parser.Size(
      &config.mirror_limit,
      {.flag = "mirror-limit", .help = "disk that mirrors of repositories may take; 0: no limit"});
  parser.Duration(
      &config.mirror_age,
      {.flag = "mirror-age", .help = "mirrors not used for so long are removed; 0s: never"});
  parser.Bool(&config.allow_unsandboxed,
              {.flag = "allow-unsandboxed",
               .help = "run jobs without isolation where bubblewrap does not work: only for jobs "
                       "that are all trusted"});
  parser.StringList(
      &config.hide,
      {.flag = "hide",
       .help =
           "folders with keys, sockets and data of the suite, which image builds must not see"});
  parser.StringList(&config.allowed_hosts,
                    {.flag = "allowed-hosts",
                     .help = "host:port pairs of repositories and registries that may be private "
                             "addresses"});
  parser.ParseOrExit(argc, argv);
  return config;
}

}  // namespace slipway::runner
