package kubelet

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

const workers = 8

// kubelet stands in for the scheduler and for the kubelet of one node: every pod is bound to it, and its status goes on as
// its annotations say. It runs nothing. What it does depends on the pods alone, so it may be killed at any time.
type kubelet struct {
	client    kubernetes.Interface
	node      string
	pods      listers.PodLister
	queue     workqueue.TypedRateLimitingInterface[cache.ObjectName]
	events    record.EventRecorder // as the kubelet
	scheduler record.EventRecorder // as the scheduler
	address   atomic.Uint32
}

// run works until the context ends.
func (k *kubelet) run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(k.client, 0)
	informer := factory.Core().V1().Pods().Informer()
	k.pods = factory.Core().V1().Pods().Lister()
	k.queue = workqueue.NewTypedRateLimitingQueue(
		workqueue.NewTypedItemExponentialFailureRateLimiter[cache.ObjectName](5*time.Millisecond, 2*time.Second))
	add := func(object any) {
		if name, err := cache.ObjectToName(object); err == nil {
			k.queue.Add(name)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, object any) { add(object) },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return ctx.Err()
	}
	for range workers {
		go k.work(ctx)
	}
	<-ctx.Done()
	k.queue.ShutDown()
	return nil
}

func (k *kubelet) work(ctx context.Context) {
	for {
		name, stop := k.queue.Get()
		if stop {
			return
		}
		again, err := k.sync(ctx, name)
		switch {
		case err == nil || apierrors.IsNotFound(err):
			k.queue.Forget(name)
			if again > 0 {
				k.queue.AddAfter(name, again)
			}
		default: // a conflict is solved by the pod's next event, too, but that may have been seen already
			k.queue.AddRateLimited(name)
		}
		k.queue.Done(name)
	}
}

// sync takes one pod one step on; the answer to its write is the event for the next step.
func (k *kubelet) sync(ctx context.Context, name cache.ObjectName) (again time.Duration, err error) {
	pod, err := k.pods.Pods(name.Namespace).Get(name.Name)
	if err != nil {
		return 0, err
	}
	now := metav1.Now()
	switch {
	case pod.DeletionTimestamp != nil:
		return k.finish(ctx, pod, now)
	case pod.Spec.NodeName == "":
		return 0, k.schedule(ctx, pod, now)
	case pod.Spec.NodeName != k.node, pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed:
		return 0, nil
	}
	out := next(pod, k.nextAddress(), now)
	if out.status == nil {
		return out.again, nil
	}
	if err := k.write(ctx, pod, out.status); err != nil {
		return 0, err
	}
	for _, event := range out.events {
		k.events.Event(containerReference(pod), event.kind, event.reason, event.message)
	}
	return out.again, nil
}

func (k *kubelet) schedule(ctx context.Context, pod *corev1.Pod, now metav1.Time) error {
	if len(pod.Spec.SchedulingGates) > 0 {
		return nil
	}
	if behaviourOf(pod) == behaviourPending {
		const message = "0/1 nodes are available: 1 Insufficient cpu."
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodScheduled {
				return nil
			}
		}
		status := pod.Status.DeepCopy()
		setCondition(status, pod.Generation, corev1.PodScheduled, false, corev1.PodReasonUnschedulable, message, now)
		if err := k.write(ctx, pod, status); err != nil {
			return err
		}
		k.scheduler.Event(pod, corev1.EventTypeWarning, "FailedScheduling", message)
		return nil
	}
	binding := &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: k.node},
	}
	if err := k.client.CoreV1().Pods(pod.Namespace).Bind(ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	k.scheduler.Event(pod, corev1.EventTypeNormal, "Scheduled",
		fmt.Sprintf("Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, k.node))
	return nil
}

// finish ends a deleted pod: its phase first where somebody waits for it by a finalizer, then the pod.
func (k *kubelet) finish(ctx context.Context, pod *corev1.Pod, now metav1.Time) (time.Duration, error) {
	left, ever := stopLeft(pod, now.Time)
	if !ever || left > 0 {
		return left, nil
	}
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if len(pod.Finalizers) > 0 && !ended {
		out := become(pod, mainState{phase: corev1.PodFailed, state: terminated(143, now)}, k.nextAddress(), now, 0)
		return 0, k.write(ctx, pod, out.status)
	}
	if *pod.DeletionGracePeriodSeconds == 0 {
		return 0, nil // only finalizers keep it
	}
	return 0, k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: new(int64), Preconditions: &metav1.Preconditions{UID: &pod.UID}})
}

func (k *kubelet) write(ctx context.Context, pod *corev1.Pod, status *corev1.PodStatus) error {
	changed := pod.DeepCopy()
	changed.Status = *status
	_, err := k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	return err
}

func (k *kubelet) nextAddress() string {
	n := k.address.Add(1)
	return fmt.Sprintf("10.64.%d.%d", n>>8&255, n&255)
}

// containerReference is what a kubelet's events are about.
func containerReference(pod *corev1.Pod) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
		ResourceVersion: pod.ResourceVersion, FieldPath: "spec.containers{" + pod.Spec.Containers[0].Name + "}"}
}
