#include "libs/kube/uuid.h"

#include "libs/base/encoding.h"

namespace slipway::kube {
namespace {

constexpr size_t kSize = 36;

bool IsDash(size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<Uuid> ParseUuid(std::string_view text) {
  if (text.size() != kSize) return std::nullopt;
  Uuid uuid{};
  size_t digits = 0;
  for (size_t i = 0; i < kSize; ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = Digit(text[i]);
    if (digit < 0) return std::nullopt;
    char& byte = uuid[digits / 2];
    byte = static_cast<char>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  return uuid;
}

std::string FormatUuid(const Uuid& uuid) {
  std::string text = HexEncode({uuid.data(), uuid.size()});
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

}  // namespace slipway::kube
