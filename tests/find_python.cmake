# A Python for the system tests: the first that can import h5py and pytest. Debian's own comes first, because its packages are the
# ones that the install script brings; -DQEP_PYTHON=... overrides. Sets QEP_PYTHON to "" when none will do.
set(QEP_PYTHON "" CACHE FILEPATH "Python that can import pytest and h5py, for the system tests")
if(NOT QEP_PYTHON)
  foreach(candidate /usr/bin/python3 python3 python)
    find_program(candidate_path NAMES ${candidate} NO_CACHE)
    if(candidate_path)
      execute_process(COMMAND ${candidate_path} -c "import pytest, h5py, numpy, scipy, jsonschema"
        RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
      if(failed EQUAL 0)
        set(QEP_PYTHON ${candidate_path} CACHE FILEPATH "Python that can import pytest and h5py, for the system tests" FORCE)
        break()
      endif()
    endif()
    unset(candidate_path)
  endforeach()
endif()

# qep_python_tests(folder label [CONFIGURATIONS name]): registers every test_*.py of the folder, one ctest entry each. Without a Python that can run them
# the entries stay and are reported as skipped. Exit code 5 of pytest (nothing collected) is a failure like any other.
# With CONFIGURATIONS they run only when ctest is called with -C name.
function(qep_python_tests folder label)
  set(environment "QEP_SOLVE=$<TARGET_FILE:qep-solve>" "QEP_BUILD=${PROJECT_BINARY_DIR}" PYTHONDONTWRITEBYTECODE=1 ${QEP_TEST_ENVIRONMENT})
  if(TARGET write_sample)
    list(APPEND environment "QEP_WRITE_SAMPLE=$<TARGET_FILE:write_sample>")
  endif()
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${folder} ${folder}/test_*.py)
  foreach(file IN LISTS files)
    string(REGEX REPLACE "^test_|\\.py$" "" name ${file})
    set(test ${label}_${name})
    if(QEP_PYTHON)
      add_test(NAME ${test} COMMAND ${QEP_PYTHON} -m pytest -q -rs ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${file} ${ARGN})
    else()
      add_test(NAME ${test} COMMAND ${CMAKE_COMMAND} -E echo "SKIP: no Python with pytest, h5py, numpy, scipy and jsonschema" ${ARGN})
      set_tests_properties(${test} PROPERTIES SKIP_REGULAR_EXPRESSION "^SKIP: ")
    endif()
    set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT 600
      ENVIRONMENT "${environment}")
  endforeach()
endfunction()
