#include "libs/seal/key_ring.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "libs/base/check.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/seal/errors.h"

namespace slipway::seal {
namespace {

constexpr char kVersion[] = "v1";
constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* Bytes(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* Bytes(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

// What the tag covers beside the text: the record's own head and its place, so that neither can be
// exchanged.
std::string Authenticated(std::string_view key_id, std::string_view associated_data) {
  return std::string(kVersion) + "." + std::string(key_id) + "." + std::string(associated_data);
}

absl::Status CheckOwner(int fd, const std::string& path) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return KeyFileRefused(path, "is not a regular file");
  if (info.st_uid != ::geteuid()) return KeyFileRefused(path, "belongs to another user");
  if ((info.st_mode & 077) != 0) {
    return KeyFileRefused(path, "can be read by others; run: chmod 600 " + path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyRing>> KeyRing::Load(const std::vector<std::string>& key_files) {
  SLIPWAY_CHECK(sodium_init() >= 0);
  if (key_files.empty()) return absl::InvalidArgumentError("no key file given");
  std::unique_ptr<KeyRing> ring(new KeyRing());
  for (const std::string& path : key_files) SLIPWAY_RETURN_IF_ERROR(ring->Add(path));
  return ring;
}

KeyRing::~KeyRing() {
  for (const Key& key : keys_) sodium_free(key.bytes);
}

absl::Status KeyRing::Add(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  SLIPWAY_RETURN_IF_ERROR(CheckOwner(fd.get(), path));
  char text[2 * kKeyBytes + 2];
  const ssize_t n = ::read(fd.get(), text, sizeof text);
  if (n < 0) return ErrnoStatus(errno, path);
  const std::string_view hex = Trim(std::string_view(text, static_cast<size_t>(n)));
  auto* bytes = static_cast<unsigned char*>(sodium_malloc(kKeyBytes));
  SLIPWAY_CHECK(bytes != nullptr);
  size_t length = 0;
  const bool good =
      hex.size() == 2 * kKeyBytes &&
      sodium_hex2bin(bytes, kKeyBytes, hex.data(), hex.size(), nullptr, &length, nullptr) == 0 &&
      length == kKeyBytes;
  sodium_memzero(text, sizeof text);
  if (!good) {
    sodium_free(bytes);
    return KeyFileRefused(path, "does not hold 64 hex digits");
  }
  sodium_mprotect_readonly(bytes);
  const std::string digest = Sha256Hex({reinterpret_cast<const char*>(bytes), kKeyBytes});
  keys_.push_back({digest.substr(0, 8), bytes});
  return absl::OkStatus();
}

std::string KeyRing::Seal(std::string_view plain, std::string_view associated_data) const {
  const Key& key = keys_.front();
  const std::string authenticated = Authenticated(key.id, associated_data);
  std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      Bytes(sealed) + kNonceBytes, nullptr, Bytes(plain), plain.size(), Bytes(authenticated),
      authenticated.size(), nullptr, Bytes(sealed), key.bytes);
  return std::string(kVersion) + "." + key.id + "." + Base64UrlEncode(sealed);
}

absl::StatusOr<std::string> KeyRing::Open(std::string_view record,
                                          std::string_view associated_data) const {
  const std::vector<std::string> parts = Split(record, '.');
  if (parts.size() != 3) return RecordMalformed("it has not three parts");
  if (parts[0] != kVersion) return RecordMalformed("its version is not known");
  const Key* key = nullptr;
  for (const Key& candidate : keys_) {
    if (candidate.id == parts[1]) key = &candidate;
  }
  if (key == nullptr) return KeyUnknown(Truncate(ToValidUtf8(parts[1]), 16));
  const std::optional<std::string> sealed = Base64UrlDecode(parts[2]);
  if (!sealed || sealed->size() < kNonceBytes + kTagBytes)
    return RecordMalformed("it is cut off or not base64");
  const std::string authenticated = Authenticated(key->id, associated_data);
  std::string plain(sealed->size() - kNonceBytes - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          Bytes(plain), nullptr, nullptr, Bytes(*sealed) + kNonceBytes,
          sealed->size() - kNonceBytes, Bytes(authenticated), authenticated.size(), Bytes(*sealed),
          key->bytes) != 0) {
    return RecordNotAuthentic();
  }
  return plain;
}

const std::string& KeyRing::current_key_id() const { return keys_.front().id; }

bool KeyRing::NeedsResealing(std::string_view record) const {
  return !record.starts_with(std::string(kVersion) + "." + current_key_id() + ".");
}

void Wipe(std::string& secret) {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

absl::Status CreateKeyFile(const std::string& path) {
  if (PathExists(path)) return absl::OkStatus();
  SLIPWAY_CHECK(sodium_init() >= 0);
  std::string key(kKeyBytes, '\0');
  randombytes_buf(key.data(), key.size());
  std::string text = HexEncode(key) + "\n";
  const absl::Status status = WriteFileAtomic(path, text, 0600);
  Wipe(text);
  Wipe(key);
  return status;
}

}  // namespace slipway::seal
