package kubelet

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a pod's annotations ask of the kubelet. Each may change while the pod lives.
const (
	// behaviourAnnotation is one of the behaviours below.
	behaviourAnnotation = "kubelet.test/behaviour"
	// delayAnnotation is how long a pod creates its containers ("2s").
	delayAnnotation = "kubelet.test/delay"
	// stopAnnotation is how long a pod takes to end when it is deleted, or "never".
	stopAnnotation = "kubelet.test/stop"
	// behaviourVariable in the environment of the first container stands in for the annotation, for those who can't set one.
	behaviourVariable = "KUBELET_TEST_BEHAVIOUR"
)

type behaviour string

const (
	behaviourNormal      behaviour = ""             // runs and is ready; a Job's pod succeeds
	behaviourRun         behaviour = "run"          // runs and is ready; a Job's pod, too, does not end
	behaviourUnready     behaviour = "unready"      // runs and never gets ready
	behaviourCrash       behaviour = "crash"        // ends with exit code 1 again and again, or once where it is not restarted
	behaviourImagePull   behaviour = "image-pull"   // its image can't be pulled; also any image of a host "*.invalid"
	behaviourConfigError behaviour = "config-error" // refers to a ConfigMap that is missing
	behaviourPending     behaviour = "pending"      // fits on no node
)

// behaviourOf never fails: what it does not know is a normal pod.
func behaviourOf(pod *corev1.Pod) behaviour {
	value := pod.Annotations[behaviourAnnotation]
	if value == "" {
		for _, variable := range pod.Spec.Containers[0].Env {
			if variable.Name == behaviourVariable {
				value = variable.Value
			}
		}
	}
	if host, _, ok := strings.Cut(pod.Spec.Containers[0].Image, "/"); value == "" && ok && strings.HasSuffix(host, ".invalid") {
		return behaviourImagePull
	}
	return behaviour(value)
}

// creationLeft is how much longer the pod creates its containers.
func creationLeft(pod *corev1.Pod, now time.Time) time.Duration {
	delay, err := time.ParseDuration(pod.Annotations[delayAnnotation])
	if err != nil || pod.Status.StartTime == nil {
		return delay
	}
	return pod.Status.StartTime.Add(delay).Sub(now)
}

// stopLeft is how much longer a deleted pod lives; ever is false when it does not end at all.
func stopLeft(pod *corev1.Pod, now time.Time) (left time.Duration, ever bool) {
	value := pod.Annotations[stopAnnotation]
	if value == "never" {
		return 0, false
	}
	delay, err := time.ParseDuration(value)
	if err != nil {
		return 0, true
	}
	// The deletion's time is the request's plus the grace period.
	asked := pod.DeletionTimestamp.Add(-time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second)
	return asked.Add(delay).Sub(now), true
}

func ownedByJob(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "Job"
}
