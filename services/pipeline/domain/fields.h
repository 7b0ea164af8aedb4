#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Rules for single values. Each function returns what is wrong as a sentence with the remedy, or
// "". Pure.
namespace slipway::pipeline {

// A relative path that stays below its folder: no "..", no leading '/' or '-', no control
// characters, at most 4096 bytes.
std::string PathProblem(std::string_view path);

// An http or https URL with a host, without user information, query, fragment, spaces or a leading
// '-'; at most 2048 bytes.
std::string UrlProblem(std::string_view url);

// [A-Za-z_][A-Za-z0-9_]*, at most 128 bytes.
std::string EnvNameProblem(std::string_view name);

// A quantity of Kubernetes: memory as bytes ("64Mi", "1G"), CPU as cores or thousandths ("500m",
// "1.5").
std::string MemoryProblem(std::string_view quantity);
std::string CpuProblem(std::string_view quantity);

// A repository of the OCI distribution specification: "demo/hello".
std::string ImageRepositoryProblem(std::string_view repository);

// A host with an optional port, without scheme: "git.example.com", "127.0.0.1:8481", "[::1]:80".
std::string HostProblem(std::string_view host);

// A branch by git-check-ref-format(1), without "refs/heads/".
std::string BranchProblem(std::string_view branch);

// An RE2 pattern of at most 1 KiB whose program stays small.
std::string RegexProblem(std::string_view pattern);

// A registry's address.
struct RegistryAddress {
  std::string host;       // with its port where one is given
  bool insecure = false;  // plain HTTP
};
// "registry:5000" is spoken to by https; "http://127.0.0.1:8482" by http. INVALID_ARGUMENT names
// `field`.
absl::StatusOr<RegistryAddress> ParseRegistryUrl(std::string_view url, std::string_view field);

// Host by which a URL's credential is chosen, in lower case: with its port, unless it is that of
// https. "https://Git.Example/x" is "git.example", "http://git.example/x" is "git.example:80". ""
// for what is no such URL.
std::string CredentialHostOf(std::string_view url);
// The same form of a Git account's host: "git.example:443" is "git.example".
std::string CredentialHost(std::string_view host);

}  // namespace slipway::pipeline
