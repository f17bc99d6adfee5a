import numpy as np


def construct_face_adjacency_matrix_naive(face_list):
    return np.eye(len(face_list))


def construct_face_adjacency_matrix_facemst(face_list, vertices, k=10, with_knn=True):
    assert len(vertices)
    return np.eye(len(face_list))


construct_face_adjacency_matrix_ccmst = construct_face_adjacency_matrix_facemst
