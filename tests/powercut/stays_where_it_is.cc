// Unsafe: after a power cut the robot waits where it stands for somebody to come. The linker puts
// this in the place of vacuum::Actions::GoOn().
extern "C" void __wrap__ZN6vacuum7Actions4GoOnEv(void*) {}  // NOLINT: the linker's name.
