package kubelet

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// crashBackOff is the first wait between two starts of a crashing container; it doubles up to maxBackOff, as a real kubelet's.
const (
	crashBackOff = 10 * time.Second
	maxBackOff   = 5 * time.Minute
)

type podEvent struct {
	kind, reason, message string
}

// outcome is the next status of a pod, nil when it has it already, what is told about it, and when to look again.
type outcome struct {
	status *corev1.PodStatus
	events []podEvent
	again  time.Duration
}

// mainState is the one container that behaves; the others of a pod run.
type mainState struct {
	phase    corev1.PodPhase
	state    corev1.ContainerState
	last     corev1.ContainerState
	restarts int32
	ready    bool
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func running(now metav1.Time) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
}

func terminated(code int32, now metav1.Time) corev1.ContainerState {
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, StartedAt: now, FinishedAt: now}}
}

// next says how a bound, living pod goes on.
func next(pod *corev1.Pod, ip string, now metav1.Time) outcome {
	before := mainOf(pod)
	name, image := pod.Spec.Containers[0].Name, pod.Spec.Containers[0].Image
	full := fmt.Sprintf("%s_%s(%s)", pod.Name, pod.Namespace, pod.UID)
	if left := creationLeft(pod, now.Time); left > 0 {
		return become(pod, mainState{phase: corev1.PodPending, state: waiting("ContainerCreating", "")}, ip, now, left)
	}
	switch behaviourOf(pod) {
	case behaviourCrash:
		return crash(pod, before, full, ip, now)
	case behaviourImagePull:
		cause := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: not found", image, image)
		if reason := waitingReason(before); reason != "ErrImagePull" && reason != "ImagePullBackOff" {
			return become(pod, mainState{phase: corev1.PodPending, state: waiting("ErrImagePull", cause)}, ip, now, 0,
				podEvent{corev1.EventTypeNormal, "Pulling", fmt.Sprintf("Pulling image %q", image)},
				podEvent{corev1.EventTypeWarning, "Failed", fmt.Sprintf("Failed to pull image %q: %s", image, cause)},
				podEvent{corev1.EventTypeWarning, "Failed", "Error: ErrImagePull"})
		}
		message := fmt.Sprintf("Back-off pulling image %q", image)
		return become(pod, mainState{phase: corev1.PodPending, state: waiting("ImagePullBackOff", message+": ErrImagePull: "+cause)},
			ip, now, 0,
			podEvent{corev1.EventTypeNormal, "BackOff", message},
			podEvent{corev1.EventTypeWarning, "Failed", "Error: ImagePullBackOff"})
	case behaviourConfigError:
		message := fmt.Sprintf("configmap %q not found", name)
		return become(pod, mainState{phase: corev1.PodPending, state: waiting("CreateContainerConfigError", message)}, ip, now, 0,
			podEvent{corev1.EventTypeWarning, "Failed", "Error: " + message})
	case behaviourUnready:
		return become(pod, mainState{phase: corev1.PodRunning, state: running(now), restarts: before.restarts, last: before.last},
			ip, now, 0,
			podEvent{corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"})
	case behaviourNormal:
		if ownedByJob(pod) {
			return become(pod, mainState{phase: corev1.PodSucceeded, state: terminated(0, now), restarts: before.restarts, last: before.last},
				ip, now, 0, podEvent{corev1.EventTypeNormal, "Started", "Started container " + name})
		}
	}
	return become(pod, mainState{phase: corev1.PodRunning, state: running(now), ready: true, restarts: before.restarts, last: before.last},
		ip, now, 0, podEvent{corev1.EventTypeNormal, "Started", "Started container " + name})
}

// crash ends the container, and starts it again as its restart policy says.
func crash(pod *corev1.Pod, before mainState, full, ip string, now metav1.Time) outcome {
	if pod.Spec.RestartPolicy == corev1.RestartPolicyNever {
		return become(pod, mainState{phase: corev1.PodFailed, state: terminated(1, now)}, ip, now, 0)
	}
	restarts := before.restarts
	if waitingReason(before) != "CrashLoopBackOff" {
		restarts++
	} else if left := before.last.Terminated.FinishedAt.Add(backOff(restarts)).Sub(now.Time); left > 0 {
		return outcome{again: left}
	} else {
		restarts++
	}
	name := pod.Spec.Containers[0].Name
	message := fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", backOff(restarts), name, full)
	return become(pod, mainState{phase: corev1.PodRunning, state: waiting("CrashLoopBackOff", message),
		last: terminated(1, now), restarts: restarts}, ip, now, backOff(restarts),
		podEvent{corev1.EventTypeNormal, "Started", "Started container " + name},
		podEvent{corev1.EventTypeWarning, "BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", name, full)})
}

func backOff(restarts int32) time.Duration {
	wait := crashBackOff
	for ; restarts > 1 && wait < maxBackOff; restarts-- {
		wait *= 2
	}
	return min(wait, maxBackOff)
}

func waitingReason(main mainState) string {
	if main.state.Waiting == nil {
		return ""
	}
	return main.state.Waiting.Reason
}

func mainOf(pod *corev1.Pod) mainState {
	name := pod.Spec.Containers[0].Name
	for _, container := range pod.Status.ContainerStatuses {
		if container.Name == name {
			return mainState{phase: pod.Status.Phase, state: container.State, last: container.LastTerminationState,
				restarts: container.RestartCount, ready: container.Ready}
		}
	}
	return mainState{phase: pod.Status.Phase}
}

// sameKind is whether two states differ in nothing but their times.
func sameKind(a, b mainState) bool {
	code := func(s corev1.ContainerState) int32 {
		if s.Terminated == nil {
			return -1
		}
		return s.Terminated.ExitCode
	}
	return a.phase == b.phase && a.ready == b.ready && a.restarts == b.restarts && waitingReason(a) == waitingReason(b) &&
		(a.state.Running == nil) == (b.state.Running == nil) && code(a.state) == code(b.state)
}

// become gives the pod's status with its main container in the given state; nothing when it is in it already.
func become(pod *corev1.Pod, main mainState, ip string, now metav1.Time, again time.Duration, events ...podEvent) outcome {
	if sameKind(mainOf(pod), main) && pod.Status.PodIP != "" && pod.Status.ObservedGeneration == pod.Generation {
		return outcome{again: again}
	}
	if sameKind(mainOf(pod), main) {
		main.state, main.last, events = mainOf(pod).state, mainOf(pod).last, nil
	}
	status := pod.Status.DeepCopy()
	status.Phase = main.phase
	status.ObservedGeneration = pod.Generation
	status.HostIP, status.HostIPs = hostIP, []corev1.HostIP{{IP: hostIP}}
	if status.PodIP == "" {
		if pod.Spec.HostNetwork {
			ip = hostIP
		}
		status.PodIP, status.PodIPs = ip, []corev1.PodIP{{IP: ip}}
	}
	if status.StartTime == nil {
		status.StartTime = &now
	}
	status.QOSClass = pod.Status.QOSClass
	status.InitContainerStatuses = nil
	for _, container := range pod.Spec.InitContainers {
		status.InitContainerStatuses = append(status.InitContainerStatuses, containerStatus(container,
			mainState{state: terminated(0, *status.StartTime), ready: true}))
	}
	status.ContainerStatuses = nil
	for index, container := range pod.Spec.Containers {
		state := main
		if index > 0 {
			state = besideMain(main, now)
		}
		status.ContainerStatuses = append(status.ContainerStatuses, containerStatus(container, state))
	}
	ended := main.phase == corev1.PodSucceeded || main.phase == corev1.PodFailed
	reason := ""
	switch {
	case main.phase == corev1.PodSucceeded:
		reason = "PodCompleted"
	case main.phase == corev1.PodFailed:
		reason = "PodFailed"
	case !main.ready:
		reason = "ContainersNotReady"
	}
	for _, condition := range []struct {
		kind   corev1.PodConditionType
		status bool
		reason string
	}{
		{corev1.PodReadyToStartContainers, !ended, ""},
		{corev1.PodInitialized, true, ""},
		{corev1.PodReady, main.ready, reason},
		{corev1.ContainersReady, main.ready, reason},
		{corev1.PodScheduled, true, ""},
	} {
		setCondition(status, pod.Generation, condition.kind, condition.status, condition.reason, "", now)
	}
	return outcome{status: status, events: events, again: again}
}

// besideMain is how the other containers of the pod are.
func besideMain(main mainState, now metav1.Time) mainState {
	switch {
	case main.phase == corev1.PodPending:
		return mainState{state: waiting("ContainerCreating", "")}
	case main.state.Terminated != nil:
		return mainState{state: terminated(0, now)}
	default:
		return mainState{state: running(now), ready: true}
	}
}

func containerStatus(container corev1.Container, state mainState) corev1.ContainerStatus {
	started := state.state.Running != nil
	status := corev1.ContainerStatus{Name: container.Name, Image: container.Image, State: state.state,
		LastTerminationState: state.last, RestartCount: state.restarts, Ready: state.ready, Started: &started}
	if state.state.Waiting == nil || state.restarts > 0 {
		status.ImageID = container.Image
		status.ContainerID = "test://" + container.Name
	}
	return status
}

func setCondition(status *corev1.PodStatus, generation int64, kind corev1.PodConditionType, value bool, reason, message string,
	now metav1.Time) {
	state := corev1.ConditionFalse
	if value {
		state = corev1.ConditionTrue
	}
	condition := corev1.PodCondition{Type: kind, Status: state, Reason: reason, Message: message, LastTransitionTime: now,
		ObservedGeneration: generation}
	for index := range status.Conditions {
		if old := &status.Conditions[index]; old.Type == kind {
			if old.Status == state {
				condition.LastTransitionTime = old.LastTransitionTime
			}
			*old = condition
			return
		}
	}
	status.Conditions = append(status.Conditions, condition)
}
