#include "libs/kube/client/watch_event.h"

#include "libs/kube/client/json_scan.h"

namespace slipway::kube {

absl::StatusOr<ObjectView> ViewObject(std::string_view json) {
  ObjectView view;
  view.json = json;
  view.metadata = scan::Field(json, "metadata");
  scan::Fields(view.metadata, [&](std::string_view key, std::string_view value) {
    if (key == "name") {
      view.name = scan::PlainString(value);
    } else if (key == "namespace") {
      view.ns = scan::PlainString(value);
    } else if (key == "uid") {
      view.uid = scan::PlainString(value);
    } else if (key == "resourceVersion") {
      view.resource_version = scan::PlainString(value);
    }
    return true;
  });
  if (view.uid.empty() || view.name.empty()) {
    return absl::InvalidArgumentError("an object without name or uid");
  }
  return view;
}

absl::StatusOr<WatchEvent> ParseWatchEvent(std::string_view line) {
  std::string_view type;
  WatchEvent event;
  const bool whole = scan::Fields(line, [&](std::string_view key, std::string_view value) {
    if (key == "type") type = scan::PlainString(value);
    if (key == "object") event.object = value;
    return true;
  });
  if (!whole || event.object.empty()) return absl::InvalidArgumentError("no watch event");
  if (type == "ADDED") {
    event.type = WatchEvent::Type::kAdded;
  } else if (type == "MODIFIED") {
    event.type = WatchEvent::Type::kModified;
  } else if (type == "DELETED") {
    event.type = WatchEvent::Type::kDeleted;
  } else if (type == "BOOKMARK") {
    event.type = WatchEvent::Type::kBookmark;
  } else if (type == "ERROR") {
    event.type = WatchEvent::Type::kError;
  } else {
    return absl::InvalidArgumentError("a watch event of unknown type");
  }
  return event;
}

absl::StatusOr<ListPage> ParseListPage(std::string_view body) {
  ListPage page;
  std::string_view metadata, items;
  const bool whole = scan::Fields(body, [&](std::string_view key, std::string_view value) {
    if (key == "metadata") metadata = value;
    if (key == "items") items = value;
    if (key == "apiVersion") page.api_version = scan::String(value);
    if (key == "kind") page.kind = scan::String(value);
    return true;
  });
  page.resource_version = scan::String(scan::Field(metadata, "resourceVersion"));
  page.continue_token = scan::String(scan::Field(metadata, "continue"));
  if (!whole || page.resource_version.empty() || items.empty()) {
    return absl::InvalidArgumentError("no list");
  }
  if (items != "null") page.items = items;
  return page;
}

}  // namespace slipway::kube
