#include "libs/base/id.h"

#include <sodium.h>

#include <array>
#include <cstdint>

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace slipway {

std::string NewUlid(absl::Time now) {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<uint8_t, 16> bytes{};
  const auto millis = static_cast<uint64_t>(absl::ToUnixMillis(now));
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (8 * (5 - i)));
  randombytes_buf(bytes.data() + 6, 10);
  // 128 bits in 26 groups of five, the first with three bits only.
  std::string out(26, '0');
  for (int i = 0; i < 26; ++i) {
    const int first_bit = i * 5 - 2;
    int value = 0;
    for (int bit = first_bit; bit < first_bit + 5; ++bit) {
      value <<= 1;
      if (bit >= 0) value |= (bytes[bit / 8] >> (7 - bit % 8)) & 1;
    }
    out[i] = kAlphabet[value];
  }
  return out;
}

std::string RandomHex(size_t bytes) {
  std::string raw(bytes, '\0');
  randombytes_buf(raw.data(), raw.size());
  return HexEncode(raw);
}

absl::Status ValidateSlug(std::string_view id, std::string_view field) {
  bool ok =
      !id.empty() && id.size() <= 63 && id.front() >= 'a' && id.front() <= 'z' && id.back() != '-';
  for (char c : id) ok = ok && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
  if (ok) return absl::OkStatus();
  return InvalidField(field,
                      "\"" + std::string(id) +
                          "\" is not a name: use 1 to 63 lower-case letters, digits and '-', "
                          "starting with a letter and not ending with '-'");
}

}  // namespace slipway
