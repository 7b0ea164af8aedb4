#include "libs/forge/event.h"

namespace slipway::forge {

std::vector<std::string> EventRepository::Urls() const {
  std::vector<std::string> urls;
  for (const std::string& url : {clone_url, html_url, ssh_url}) {
    if (!url.empty()) urls.push_back(url);
  }
  return urls;
}

std::string Event::ShortRef() const {
  if (IsBranch()) return ref.substr(11);
  if (IsTag()) return ref.substr(10);
  return ref;
}

}  // namespace slipway::forge
