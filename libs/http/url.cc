#include "libs/http/url.h"

#include <curl/curl.h>

#include <cstdlib>
#include <memory>

#include "libs/base/strings.h"
#include "libs/http/errors.h"

namespace slipway::http {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string result = text;
  curl_free(text);
  return result;
}

// What may be shown of a URL that could not be read: nothing that may be a credential.
std::string Shown(std::string_view url) {
  const size_t at = url.rfind('@');
  std::string shown(at == std::string_view::npos ? url : url.substr(at + 1));
  return Truncate(ToValidUtf8(shown.substr(0, shown.find('?'))), 200);
}

}  // namespace

std::string Url::ForPeople() const {
  const bool v6 = host.find(':') != std::string::npos;
  return scheme + "://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + path;
}

bool Url::SameOrigin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

absl::StatusOr<Url> ParseUrl(std::string_view url) {
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '\\') {
      return UrlInvalid(Shown(url), "holds a space, control character or backslash");
    }
  }
  const UrlHandle handle(curl_url());
  const std::string text(url);
  const CURLUcode code =
      curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER);
  if (code == CURLUE_USER_NOT_ALLOWED) {
    return UrlInvalid(Shown(url), "credentials do not belong into a URL");
  }
  if (code == CURLUE_UNSUPPORTED_SCHEME) {
    return UrlInvalid(Shown(url), "only http and https are allowed");
  }
  if (code != CURLUE_OK) return UrlInvalid(Shown(url), curl_url_strerror(code));
  Url result;
  result.scheme = ToLower(Part(handle.get(), CURLUPART_SCHEME));
  if (result.scheme != "http" && result.scheme != "https") {
    return UrlInvalid(Shown(url), "only http and https are allowed");
  }
  result.host = ToLower(Part(handle.get(), CURLUPART_HOST));
  if (result.host.size() > 2 && result.host.front() == '[') {
    result.host = result.host.substr(1, result.host.size() - 2);
  }
  if (!Part(handle.get(), CURLUPART_ZONEID).empty()) {
    return UrlInvalid(Shown(url), "an address with a zone is not allowed");
  }
  result.port = std::atoi(Part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).c_str());
  result.path = Part(handle.get(), CURLUPART_PATH);
  if (result.host.empty() || result.port < 1 || result.port > 65535) {
    return UrlInvalid(Shown(url), "host or port is missing");
  }
  return result;
}

absl::StatusOr<std::string> ResolveReference(std::string_view base, std::string_view reference) {
  const UrlHandle handle(curl_url());
  if (curl_url_set(handle.get(), CURLUPART_URL, std::string(base).c_str(), 0) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(reference).c_str(), 0) != CURLUE_OK) {
    return UrlInvalid(Shown(reference), "is no URL reference");
  }
  return Part(handle.get(), CURLUPART_URL);
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace slipway::http
