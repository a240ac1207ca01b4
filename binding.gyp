{
  'targets': [
    {
      'target_name': 'pagefault-demo',
      'type': 'executable',
      'sources': [
        'addon/demo/demo.c',
        'addon/demo/files.c',
        'addon/demo/memory.c',
        'addon/demo/tasks.c',
        'addon/demo/touch.c',
        'addon/demo/truth.c',
      ],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['-Wall', '-Wextra', '-Werror'],
      'cflags_c': ['-std=c11'],
    },
  ],
}
