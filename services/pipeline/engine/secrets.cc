#include "services/pipeline/engine/secrets.h"

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/store/secret_store.h"

namespace slipway::pipeline {
namespace {

std::string NameAtVersion(std::string_view name, int64_t version) {
  return std::string(name) + "@" + std::to_string(version);
}

std::string PlaceOf(std::string_view name, int64_t version) {
  return "secret_values/sealed/" + NameAtVersion(name, version);
}

}  // namespace

absl::Status Secrets::Write(db::Tx& tx, std::string_view value, store::ResourceRow* row) const {
  SLIPWAY_ASSIGN_OR_RETURN(const int64_t version, store::NextSecretVersion(tx, row->name));
  const std::string sealed = keys_.Seal(value, PlaceOf(row->name, version));
  SLIPWAY_RETURN_IF_ERROR(
      store::AddSecretValue(tx, row->id, version, sealed, row->kind == Kind::kSecret));
  row->secret_version = version;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Secrets::Read(db::Tx& tx, const store::ResourceRow& row,
                                          int64_t version) const {
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<std::string> sealed,
                           store::FindSecretValue(tx, row.id, version));
  if (!sealed) return SecretGone(NameAtVersion(row.name, version));
  return keys_.Open(*sealed, PlaceOf(row.name, version));
}

absl::StatusOr<bool> Secrets::IsCurrent(db::Tx& tx, const store::ResourceRow& row,
                                        std::string_view value) const {
  if (row.secret_version == 0) return false;
  SLIPWAY_ASSIGN_OR_RETURN(std::string current, Read(tx, row, row.secret_version));
  const bool same = ConstantTimeEquals(current, value);
  seal::Wipe(current);
  return same;
}

}  // namespace slipway::pipeline
