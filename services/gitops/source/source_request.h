#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/gitops/domain/manifest.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops {

// What a path of a repository is rendered with. A value.
struct SourceRequest {
  AppEnvironment where = {};
  std::string k8s_namespace = {};
  std::string path = {};   // folder or file in the repository; "." is its top
  std::string image = {};  // HOST/REPOSITORY@sha256:...; empty: an app that brings no image
  std::map<std::string, std::string> env = {};  // for setter comments: {"$slipway": "env:NAME"}
  // Of a Helm chart.
  std::string image_key = {};                  // dotted path of the image's value; empty: "image"
  std::vector<std::string> values_files = {};  // relative to the chart
  std::map<std::string, std::string> values = {};  // by dotted path
  // Of a kustomization: name of the image in its manifests. Empty: see kustomization.h.
  std::string kustomize_image = {};
};

// What stands at a path.
enum class SourceKind { kPlain, kKustomize, kHelm };

// "plain manifests", "kustomization", "Helm chart"
std::string_view KindText(SourceKind kind);

// What came out of a render. A value.
struct RenderedSource {
  // SHA-256 of all that the result depends on: files read, parameters, tool. Equal keys have equal
  // results.
  std::string key = {};
  SourceKind kind = SourceKind::kPlain;
  std::vector<Manifest> manifests = {};
};

}  // namespace slipway::gitops
