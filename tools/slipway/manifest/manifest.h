#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "libs/yaml/document.h"
#include "tools/slipway/manifest/problems.h"
#include "tools/slipway/manifest/substitute.h"
#include "tools/slipway/names/kind.h"

namespace slipway::cli {

// One document of a manifest, ready to be sent. A value.
struct ManifestItem {
  const Kind* kind = nullptr;
  std::string name = {};              // resource name
  boost::json::object resource = {};  // {name, spec} as the API takes it
  yaml::Document document;

  // The place in the document that the server names: paths that are relative to the request
  // ("resources[3].workflow.spec.x", "hook.spec.x") are cut to the document's.
  static std::string OwnPath(std::string_view path);
  // What is wrong with it: some errors begin with the path already.
  static std::string OwnText(std::string_view path, std::string_view problem);
  // "FILE:LINE: path: problem" for a mistake that the server found.
  std::string Describe(const std::string& file, std::string_view path,
                       std::string_view problem) const;
  // `resource` without what stands at `paths`; a list with a wrong item is left out whole.
  boost::json::object Without(const std::vector<std::string>& paths) const;
};

// A manifest that was read, with all mistakes that can be seen without the server: syntax, kind,
// metadata, unknown members, variables, secrets, the same name twice.
struct Manifest {
  std::string file;                      // as shown
  std::vector<ManifestItem> items = {};  // also those with mistakes, if their names are known
  Problems problems;
  bool named = true;  // false: there are documents that no item stands for
};

// What the parts of a manifest are filled from.
struct ManifestSources {
  Lookup variables;          // for ${NAME} and fromEnv
  std::string project = {};  // where metadata names none
  std::string folder = {};   // fromFile is relative to it
};

// Reads a manifest. `file` is shown in errors.
Manifest ReadManifest(const std::string& file, std::string_view text,
                      const ManifestSources& sources);

// A resource as the API gives it, as a document that ReadManifest takes; `status` is kept for
// people. Empty parts are left out.
boost::json::object ToManifest(const Kind& kind, const boost::json::value& resource);
// Without empty texts, lists, maps and unset enums.
boost::json::value WithoutEmpty(const boost::json::value& value);

}  // namespace slipway::cli
