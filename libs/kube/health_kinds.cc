#include <algorithm>
#include <initializer_list>

#include "libs/base/strings.h"
#include "libs/kube/condition.h"
#include "libs/kube/health_rules.h"

namespace slipway::kube {
namespace {

const boost::json::object kEmpty;

const boost::json::object& Part(const boost::json::object& object, std::string_view key) {
  const boost::json::object* part = GetObject(object, key);
  return part == nullptr ? kEmpty : *part;
}

const boost::json::object& Spec(const Object& object) { return Part(object.body(), "spec"); }
const boost::json::object& Status(const Object& object) { return Part(object.body(), "status"); }

int64_t Count(const boost::json::object& object, std::string_view key) {
  return GetInt(object, key).value_or(0);
}

Health Healthy(std::string message = {}) { return {HealthState::kHealthy, std::move(message)}; }
Health Progressing(std::string message) { return {HealthState::kProgressing, std::move(message)}; }
Health Degraded(std::string message) { return {HealthState::kDegraded, std::move(message)}; }

std::string Of(int64_t some, int64_t all, std::string_view what) {
  return std::to_string(some) + " of " + std::to_string(all) + " " + std::string(what);
}

// Nothing that the status says counts before the controller has seen the latest spec.
std::optional<Health> NotObserved(const Object& object) {
  if (object.generation() <= Count(Status(object), "observedGeneration")) return std::nullopt;
  return Progressing("status.observedGeneration: the latest change is not taken up yet");
}

Health Deployment(const Object& object) {
  const boost::json::object &spec = Spec(object), &status = Status(object);
  if (GetBool(spec, "paused").value_or(false)) return {HealthState::kSuspended, "spec.paused"};
  if (auto health = NotObserved(object)) return *health;
  const auto progressing = FindCondition(object, "Progressing");
  if (progressing && progressing->reason == "ProgressDeadlineExceeded") {
    return Degraded(TextOf(*progressing));
  }
  const int64_t updated = Count(status, "updatedReplicas");
  const auto wanted = GetInt(spec, "replicas");
  if (wanted && updated < *wanted) return Progressing(Of(updated, *wanted, "updated"));
  const int64_t replicas = Count(status, "replicas");
  if (replicas > updated) {
    return Progressing(std::to_string(replicas - updated) + " old replicas still running");
  }
  const int64_t available = Count(status, "availableReplicas");
  if (available < updated) return Progressing(Of(available, updated, "available"));
  return Healthy();
}

Health StatefulSet(const Object& object) {
  const boost::json::object &spec = Spec(object), &status = Status(object);
  if (Count(status, "observedGeneration") == 0) {
    return Progressing("status.observedGeneration: not taken up yet");
  }
  if (auto health = NotObserved(object)) return *health;
  const auto wanted = GetInt(spec, "replicas");
  const int64_t ready = Count(status, "readyReplicas");
  if (wanted && ready < *wanted) return Progressing(Of(ready, *wanted, "ready"));
  const boost::json::object& strategy = Part(spec, "updateStrategy");
  const std::string_view type = GetString(strategy, "type");
  const boost::json::object* rolling = GetObject(strategy, "rollingUpdate");
  if (type == "RollingUpdate" && rolling != nullptr) {
    const auto partition = GetInt(*rolling, "partition");
    const int64_t updated = Count(status, "updatedReplicas");
    if (wanted && partition && updated < *wanted - *partition) {
      return Progressing(Of(updated, *wanted - *partition, "updated"));
    }
    return Healthy();
  }
  if (type == "OnDelete") return Healthy();
  if (GetString(status, "updateRevision") != GetString(status, "currentRevision")) {
    return Progressing(Of(Count(status, "updatedReplicas"), wanted.value_or(0), "updated"));
  }
  return Healthy();
}

Health DaemonSet(const Object& object) {
  const boost::json::object& status = Status(object);
  if (auto health = NotObserved(object)) return *health;
  if (GetString(Part(Spec(object), "updateStrategy"), "type") == "OnDelete") return Healthy();
  const int64_t wanted = Count(status, "desiredNumberScheduled");
  const int64_t updated = Count(status, "updatedNumberScheduled");
  if (updated < wanted) return Progressing(Of(updated, wanted, "updated"));
  const int64_t available = Count(status, "numberAvailable");
  if (available < wanted) return Progressing(Of(available, wanted, "available"));
  return Healthy();
}

Health ReplicaSet(const Object& object) {
  if (auto health = NotObserved(object)) return *health;
  const auto failure = FindCondition(object, "ReplicaFailure");
  if (failure && failure->status == "True") return Degraded(TextOf(*failure));
  const auto wanted = GetInt(Spec(object), "replicas");
  const int64_t available = Count(Status(object), "availableReplicas");
  if (wanted && available < *wanted) return Progressing(Of(available, *wanted, "available"));
  return Healthy();
}

// A condition Suspended that is False says that the job was resumed: it counts as absent, or a
// resumed job would be healthy before it is done.
Health Job(const Object& object) {
  if (const auto failed = FindCondition(object, "Failed")) return Degraded(TextOf(*failed));
  const auto suspended = FindCondition(object, "Suspended");
  if (suspended && suspended->status == "True") {
    return {HealthState::kSuspended, TextOf(*suspended)};
  }
  if (FindCondition(object, "Complete")) return Healthy();
  const boost::json::object& status = Status(object);
  return Progressing(
      Of(Count(status, "succeeded"), GetInt(Spec(object), "completions").value_or(1), "completed"));
}

bool IsBadReason(std::string_view reason) {
  return reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff");
}

const boost::json::object* FirstWaitingBadly(const boost::json::object& status) {
  const boost::json::array* containers = GetArray(status, "containerStatuses");
  if (containers == nullptr) return nullptr;
  for (const boost::json::value& item : *containers) {
    if (!item.is_object()) continue;
    const boost::json::object& waiting = Part(Part(item.get_object(), "state"), "waiting");
    if (IsBadReason(GetString(waiting, "reason"))) return &waiting;
  }
  return nullptr;
}

bool HasEndedBefore(const boost::json::object& status) {
  const boost::json::array* containers = GetArray(status, "containerStatuses");
  if (containers == nullptr) return false;
  for (const boost::json::value& item : *containers) {
    if (item.is_object() &&
        GetObject(Part(item.get_object(), "lastState"), "terminated") != nullptr) {
      return true;
    }
  }
  return false;
}

Health Pod(const Object& object) {
  const boost::json::object& status = Status(object);
  const std::string_view policy = GetString(Spec(object), "restartPolicy");
  const bool always = policy == "Always" || policy.empty();
  if (always) {
    if (const boost::json::object* waiting = FirstWaitingBadly(status)) {
      std::string text = Words(GetString(*waiting, "reason"));
      const std::string_view message = GetString(*waiting, "message");
      if (!message.empty()) text += ": " + Truncate(Trim(message), 300);
      return Degraded(text);
    }
  }
  const std::string_view phase = GetString(status, "phase");
  const std::string problem = PodProblem(object);
  if (phase == "Pending") return Progressing(problem.empty() ? "pending" : problem);
  if (phase == "Succeeded") return Healthy();
  if (phase == "Failed") return Degraded(problem.empty() ? "failed" : problem);
  if (phase != "Running") return {HealthState::kUnknown, "status.phase: " + std::string(phase)};
  // Pods of jobs and hooks are not done as long as they run.
  if (!always) return Progressing("running");
  const auto ready = FindCondition(object, "Ready");
  if (ready && ready->status == "True") return Healthy();
  const std::string why = ready ? TextOf(*ready) : "not ready";
  if (HasEndedBefore(status)) return Degraded("a container was restarted: " + why);
  return Progressing(why);
}

Health PersistentVolumeClaim(const Object& object) {
  const std::string_view phase = GetString(Status(object), "phase");
  if (phase == "Bound") return Healthy();
  if (phase == "Pending") return Progressing("not bound to a volume yet");
  if (phase == "Lost") return Degraded("its volume is lost");
  return {HealthState::kUnknown, "status.phase: " + std::string(phase)};
}

bool HasAddress(const Object& object) {
  const boost::json::array* ingress = GetArray(Part(Status(object), "loadBalancer"), "ingress");
  return ingress != nullptr && !ingress->empty();
}

Health Service(const Object& object) {
  if (GetString(Spec(object), "type") != "LoadBalancer" || HasAddress(object)) return Healthy();
  return Progressing("status.loadBalancer: no address yet");
}

Health Ingress(const Object& object, const HealthOptions& options) {
  if (HasAddress(object) || options.ingress_without_address_is_healthy) return Healthy();
  return Progressing("status.loadBalancer: no address yet");
}

Health ApiService(const Object& object) {
  const auto available = FindCondition(object, "Available");
  if (available && available->status == "True") return Healthy();
  return Progressing(available ? TextOf(*available) : "not available yet");
}

Health CustomResourceDefinition(const Object& object) {
  const auto accepted = FindCondition(object, "NamesAccepted");
  if (accepted && accepted->status == "False") return Degraded(TextOf(*accepted));
  const auto established = FindCondition(object, "Established");
  if (!established) return Progressing("not established yet");
  if (established->status == "True") return Healthy();
  if (established->reason == "Installing") return Progressing(TextOf(*established));
  return Degraded(TextOf(*established));
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Version 1 has no conditions of its own; the server puts them into an annotation.
Object WithConditions(const Object& object) {
  const auto text = object.Annotation("autoscaling.alpha.kubernetes.io/conditions");
  if (!text || GetArray(Status(object), "conditions") != nullptr) return object;
  boost::system::error_code error;
  boost::json::value conditions = boost::json::parse(JsonView(*text), error);
  if (error || !conditions.is_array()) return object;
  boost::json::object body = object.body();
  boost::json::value& status = body["status"];
  if (!status.is_object()) status.emplace_object();
  status.get_object()["conditions"] = std::move(conditions);
  return Object(std::move(body));
}

Health HorizontalPodAutoscaler(const Object& given) {
  const Object object = WithConditions(given);
  const auto able = FindCondition(object, "AbleToScale");
  if (able && IsOneOf(able->reason, {"FailedGetScale", "FailedUpdateScale"})) {
    return Degraded(TextOf(*able));
  }
  const auto active = FindCondition(object, "ScalingActive");
  if (active && IsOneOf(active->reason, {"FailedGetResourceMetric", "FailedGetObjectMetric",
                                         "FailedGetPodsMetric", "FailedGetExternalMetric",
                                         "FailedComputeMetricsReplicas", "InvalidSelector"})) {
    return Degraded(TextOf(*active));
  }
  const auto limited = FindCondition(object, "ScalingLimited");
  if ((able && able->status == "True") || (limited && limited->status == "True")) return Healthy();
  return Progressing("waiting to autoscale");
}

// Of Argo Workflows, which Argo CD treats as a kind of its own.
Health Workflow(const Object& object) {
  const boost::json::object& status = Status(object);
  const std::string_view phase = GetString(status, "phase");
  const std::string message(GetString(status, "message"));
  if (phase.empty() || phase == "Pending" || phase == "Running") return Progressing(message);
  if (phase == "Succeeded") return Healthy(message);
  if (phase == "Failed" || phase == "Error") return Degraded(message);
  return {HealthState::kUnknown, message};
}

}  // namespace

std::optional<Health> HealthByKind(const Object& object, const HealthOptions& options) {
  const Gvk gvk = object.gvk();
  const auto is = [&](std::string_view group, std::string_view kind) {
    return gvk.kind == kind && gvk.group == group;
  };
  if (is("apps", "Deployment")) return Deployment(object);
  if (is("apps", "StatefulSet")) return StatefulSet(object);
  if (is("apps", "DaemonSet")) return DaemonSet(object);
  if (is("apps", "ReplicaSet")) return ReplicaSet(object);
  if (is("batch", "Job")) return Job(object);
  if (is("", "Pod")) return Pod(object);
  if (is("", "PersistentVolumeClaim")) return PersistentVolumeClaim(object);
  if (is("", "Service")) return Service(object);
  if (is("networking.k8s.io", "Ingress") || is("extensions", "Ingress")) {
    return Ingress(object, options);
  }
  if (is("apiregistration.k8s.io", "APIService")) return ApiService(object);
  if (is("apiextensions.k8s.io", "CustomResourceDefinition")) {
    return CustomResourceDefinition(object);
  }
  if (is("autoscaling", "HorizontalPodAutoscaler")) return HorizontalPodAutoscaler(object);
  if (is("argoproj.io", "Workflow")) return Workflow(object);
  return std::nullopt;
}

}  // namespace slipway::kube
