#include "services/pipeline/domain/violations.h"

#include "libs/base/strings.h"

namespace slipway::pipeline {

void Violations::AddAll(std::string_view path, const absl::Status& mistakes) {
  for (const auto& violation : DetailsOf(mistakes).field_violations) {
    Add(std::string(path) + "." + violation.field, violation.description);
  }
}

absl::Status Violations::ToStatus() const {
  if (list_.empty()) return absl::OkStatus();
  std::string message = list_[0].field + ": " + list_[0].description;
  if (list_.size() > 1) {
    message += " (and " + std::to_string(list_.size() - 1) + " more mistake" +
               (list_.size() > 2 ? "s" : "") + ")";
  }
  ErrorDetails details;
  details.reason = "INVALID_FIELD";
  details.field_violations = list_;
  return MakeError(absl::StatusCode::kInvalidArgument, message, std::move(details));
}

std::string NoSuch(std::string_view what, std::string_view word,
                   const std::vector<std::string>& known) {
  constexpr size_t kShown = 8;
  const std::string shown = Truncate(word, 64);
  std::string text = "no " + std::string(what) + " \"" + shown + "\"";
  if (known.empty()) return text + "; there is none yet";
  const std::string near = DidYouMean(word, known);
  if (!near.empty()) return text + "; did you mean \"" + near + "\"?";
  std::vector<std::string> some(known.begin(),
                                known.begin() + static_cast<long>(std::min(kShown, known.size())));
  return text + "; there is " + Join(some, ", ") + (known.size() > kShown ? ", ..." : "");
}

}  // namespace slipway::pipeline
