#pragma once

#include <atomic>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "libs/git/repository.h"
#include "services/gitops/source/closure.h"
#include "services/gitops/source/render_cache.h"
#include "services/gitops/source/sandboxed_tool.h"
#include "services/gitops/source/source_request.h"

namespace slipway::gitops {

// Renders what stands at a path of a commit: plain manifests in the process, kustomizations and
// Helm charts by their own programs in a sandbox. By content: what was rendered from the same files
// with the same parameters is not rendered again, whatever the commit. Nothing is checked out.
// Owned by App; thread-safe, but a git::Repository is for one thread.
class SourceRenderer {
 public:
  struct Options {
    std::string helm_binary = {};
    std::string kustomize_binary = {};
    SandboxedTool::Limits limits = {};
    size_t cache_bytes = 64 << 20;
  };
  explicit SourceRenderer(const Options& options);

  // The key of the result, without rendering: reads trees, kustomizations and Chart.yaml only.
  // Errors as FindClosure, TOOL_MISSING.
  absl::StatusOr<std::string> Key(const git::Repository& repository, const std::string& commit,
                                  const SourceRequest& request) const;

  // Never an empty result: RENDER_EMPTY. An error means that nothing is known of what shall run.
  // With an image: IMAGE_NOT_USED unless the result runs it.
  absl::StatusOr<RenderedSource> Render(const git::Repository& repository,
                                        const std::string& commit, const SourceRequest& request,
                                        const std::stop_token& stop = {});

  int renders() const { return renders_; }  // done, those from the cache not counted

 private:
  absl::StatusOr<std::string> KeyOf(const Closure& closure, const SourceRequest& request) const;
  absl::StatusOr<RenderedSource> RenderAnew(const SourceTree& tree, const Closure& closure,
                                            const SourceRequest& request,
                                            const std::stop_token& stop);

  SandboxedTool helm_;
  SandboxedTool kustomize_;
  RenderCache cache_;
  std::atomic<int> renders_ = 0;
};

}  // namespace slipway::gitops
